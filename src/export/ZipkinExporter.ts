/**
 * Sends spans to Zipkin, as JSON of its API v2, over the same transport as OTLP.
 *
 * One batch is one request, with a deadline of its own. It is not tried again
 * here (`Retry` does that), and not made smaller (`Halving` does).
 *
 * @see https://zipkin.io/zipkin-api/
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SpanExporter } from "../model/SpanExporter.ts"
import type { OtlpTransportOptions } from "./OtlpTransport.ts"
import * as HttpDestination from "./HttpDestination.ts"
import * as SpanEncoding from "./SpanEncoding.ts"
import * as ZipkinSpan from "./ZipkinSpan.ts"

/** Where Zipkin takes spans, below the address of its server. */
export const path = "/api/v2/spans"

const words: OtlpTransportOptions["words"] = {
  setting: "TRACING_ZIPKIN_ENDPOINT",
  hints: [
    [[401, 403], "Are the credentials in TRACING_ZIPKIN_ENDPOINT right?"],
    [[400, 404, 405, 415], `Is this the path of a Zipkin server, which ends with ${path}?`]
  ]
}

/** Opens the way to a Zipkin server; it is closed with the scope. */
export const make = (options: Omit<OtlpTransportOptions, "words">): Effect.Effect<SpanExporter, never, Scope.Scope> =>
  Effect.map(HttpDestination.make({ ...options, words }, "application/json"), (send): SpanExporter => ({
    export: Effect.fnUntraced(function* (spans) {
      const { encoded, unreadable } = yield* SpanEncoding.encodeAll(spans, ZipkinSpan.toJson)
      if (encoded.length > 0) yield* send(Buffer.from(`[${encoded.join(",")}]`))
      return SpanEncoding.leftOut({ unreadable })
    })
  }))
