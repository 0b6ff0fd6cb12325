/**
 * OTLP over HTTP/1.1, straight on Node's client.
 *
 * Connections are kept and used again, and none of them keeps a process
 * alive. Redirects are not followed: headers may be secrets, and belong to
 * one place. Of an answer, no more than `OtlpAnswer.largest` is read.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Https from "node:https"
import type { LeftOut } from "../model/SpanExporter.ts"
import type { ExportError } from "../model/TracingError.ts"
import * as ExportFailure from "./ExportFailure.ts"
import * as OtlpAnswer from "./OtlpAnswer.ts"
import * as OtlpCompression from "./OtlpCompression.ts"
import * as OtlpTransport from "./OtlpTransport.ts"
import * as RetryAfter from "./RetryAfter.ts"
import type { Headers } from "./RotatingHeaders.ts"
import * as Untraced from "./Untraced.ts"

interface Answered {
  readonly status: number
  readonly headers: Http.IncomingHttpHeaders
  readonly body: Uint8Array
}

/** What goes wrong before there is an answer. */
interface Unanswered {
  readonly error: unknown
  /** The receiver closed a connection it had kept for us, and has not seen this request. */
  readonly stale: boolean
}

const isTaken = (status: number): boolean => status >= 200 && status < 300

/** One request. An answer that breaks off counts from its status: a batch that was taken is not sent again. */
const exchange = (
  open: typeof Http.request,
  options: Http.RequestOptions,
  body: Uint8Array
): Effect.Effect<Answered, Unanswered> =>
  Effect.callback((resume) => {
    const request = Untraced.run(() => open(options))
    const fail = (error: unknown) =>
      resume(Effect.fail({ error, stale: request.reusedSocket && Reflect.get(Object(error), "code") === "ECONNRESET" }))
    request.on("socket", OtlpTransport.unheld)
    request.on("error", fail)
    request.on("response", (response) => {
      const { headers, statusCode: status = 0 } = response
      const chunks: Array<Uint8Array> = []
      let size = 0
      const answer = () => resume(Effect.succeed({ status, headers, body: Buffer.concat(chunks) }))
      response.on("data", (chunk: Uint8Array) => {
        size += chunk.length
        if (size <= OtlpAnswer.largest) chunks.push(chunk)
        else {
          answer()
          request.destroy()
        }
      })
      // By then the connection is free for the next request
      response.on("end", () => setImmediate(answer))
      response.on("error", (error) => (isTaken(status) ? answer() : fail(error)))
    })
    request.end(body)
    return Effect.sync(() => void request.destroy())
  })

/** `undefined` when the receiver took the whole batch. */
const judge = (answered: Answered, to: ExportFailure.To): Effect.Effect<LeftOut | void, ExportError> => {
  const { body, headers, status } = answered
  const contentType = headers["content-type"] ?? ""
  if (isTaken(status)) return Effect.succeed(OtlpAnswer.fromBody(contentType, body))
  if (status >= 300 && status < 400) {
    return Effect.fail(ExportFailure.redirected(status, headers.location, to))
  }
  return Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.fail(
      ExportFailure.refused({
        ...to,
        code: status,
        said: OtlpAnswer.messageOf(contentType, body),
        retryAfterMillis: RetryAfter.fromHeader(headers["retry-after"], now)
      })
    )
  )
}

/** Opens the way; `contentType` says what the bodies are. */
export const make = Effect.fnUntraced(function* (
  transport: OtlpTransport.OtlpTransportOptions,
  contentType: string
): Effect.fn.Return<OtlpTransport.OtlpTransport, never, Scope.Scope> {
  const { headers, settings, tls, userAgent, words } = transport
  const { compression } = settings
  const to: ExportFailure.To = { endpoint: settings.endpoint.display, headersFrom: headers?.name, ...words }
  const url = new URL(Redacted.value(settings.endpoint.url))
  const [open, Agent] =
    url.protocol === "https:" ? ([Https.request, Https.Agent] as const) : ([Http.request, Http.Agent] as const)
  const agent = yield* Effect.acquireRelease(
    // The connection used last is the one least likely to have been closed
    Effect.sync(() => new Agent({ keepAlive: true, scheduling: "lifo", ...tls })),
    (agent) => Effect.sync(() => agent.destroy())
  )
  const own = {
    "content-type": contentType,
    ...(compression === "none" ? undefined : { "content-encoding": compression })
  }
  const options = {
    agent,
    method: "POST",
    hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port,
    path: url.pathname + url.search
  }
  return {
    send: Effect.fnUntraced(function* (plain) {
      const body = compression === "none" ? plain : yield* OtlpCompression.compress(plain, compression)
      const ask = (given: Headers) => {
        const headers = { "user-agent": userAgent, ...given, ...own, "content-length": body.length }
        const once = exchange(open, { ...options, headers }, body)
        return once.pipe(
          Effect.catchIf(
            ({ stale }) => stale,
            () => once
          ),
          Effect.mapError(({ error }) => ExportFailure.unreachable(error, to))
        )
      }
      const answered = yield* OtlpTransport.withHeaders(transport, ask, ({ status }) =>
        ExportFailure.isUnauthorized(status)
      )
      return yield* judge(answered, to)
    })
  }
})
