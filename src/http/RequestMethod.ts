/**
 * How the method of a request is named on a span.
 *
 * A method is chosen by whoever sends the request, so only the ones that the
 * conventions know may become the name of a span or of a metric.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"

const known: ReadonlySet<string> = new Set([
  "GET",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "HEAD",
  "OPTIONS",
  "QUERY",
  "TRACE",
  "CONNECT"
])

const longestOriginal = 32

/** What a span is called before its route or template is known: the method, or `HTTP` for one nobody knows. */
export const spanName = (method: string): string => (known.has(method) ? method : "HTTP")

/** The method as attributes: an unknown one is `_OTHER`, with the original beside it, cut to 32 characters. */
export const attributes = (method: string): Record<string, string> =>
  known.has(method)
    ? { [AttributeKeys.httpRequestMethod]: method }
    : {
        [AttributeKeys.httpRequestMethod]: "_OTHER",
        [AttributeKeys.httpRequestMethodOriginal]: method.slice(0, longestOriginal)
      }
