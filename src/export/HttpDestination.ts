/**
 * A server that takes spans over HTTP in a format of its own: OTLP's transport, with a deadline for each request.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ExportError } from "../model/TracingError.ts"
import * as ExportFailure from "./ExportFailure.ts"
import * as OtlpHttp from "./OtlpHttp.ts"
import type { OtlpTransportOptions } from "./OtlpTransport.ts"

/** Sends a body whole. What such servers say about one they took says nothing. */
export type Send = (body: Uint8Array) => Effect.Effect<void, ExportError>

export const make = (options: OtlpTransportOptions, contentType: string): Effect.Effect<Send, never, Scope.Scope> => {
  const { endpoint, timeout } = options.settings
  const late = ExportFailure.timedOut(Duration.format(timeout), "TRACING_TIMEOUT", { endpoint: endpoint.display })
  return Effect.map(
    OtlpHttp.make(options, contentType),
    ({ send }): Send =>
      (body) =>
        send(body).pipe(Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.fail(late) }), Effect.asVoid)
  )
}
