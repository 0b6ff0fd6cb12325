/**
 * Sends spans in OpenTelemetry's own protocol: http/protobuf, http/json or gRPC.
 *
 * One batch is one request, with a deadline of its own. It is not tried
 * again here (`Retry` does that), and not made smaller (`Halving` does).
 * Nothing is read from the environment.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AnySpanExporter, EncodingExporter, SpanExporter } from "../model/SpanExporter.ts"
import * as ExportFailure from "./ExportFailure.ts"
import * as OtlpEncoder from "./OtlpEncoder.ts"
import * as OtlpGrpc from "./OtlpGrpc.ts"
import * as OtlpHttp from "./OtlpHttp.ts"
import * as OtlpJson from "./OtlpJson.ts"
import type { OtlpTransport, OtlpTransportOptions } from "./OtlpTransport.ts"

const unreadableMessage = "some spans could not be read"

/** Opens the way that a protocol goes. */
export const open = (options: OtlpTransportOptions): Effect.Effect<OtlpTransport, never, Scope.Scope> => {
  switch (options.settings.endpoint.protocol) {
    case "grpc":
      return OtlpGrpc.make(options)
    case "http/protobuf":
      return OtlpHttp.make(options, "application/x-protobuf")
    case "http/json":
      return OtlpHttp.make(options, "application/json")
  }
}

/** Opens the way to an OTLP receiver; it is closed with the scope. What is sent as protobuf is encoded ahead. */
export const make = Effect.fnUntraced(function* (
  options: OtlpTransportOptions
): Effect.fn.Return<AnySpanExporter, never, Scope.Scope> {
  const { endpoint, timeout } = options.settings
  const transport = yield* open(options)
  const late = Effect.fail(
    ExportFailure.timedOut(Duration.format(timeout), "TRACING_TIMEOUT", { endpoint: endpoint.display })
  )
  const send = (body: () => Uint8Array, length: number, unreadable: number) => {
    if (unreadable === length) return Effect.succeed({ rejected: 0, unreadable, message: unreadableMessage })
    const sent = Effect.suspend(() => transport.send(body())).pipe(
      Effect.timeoutOrElse({ duration: timeout, orElse: () => late })
    )
    if (unreadable === 0) return sent
    return Effect.map(sent, (leftOut) => ({ rejected: 0, message: unreadableMessage, ...leftOut, unreadable }))
  }
  const inJson: SpanExporter = {
    export: (spans) =>
      Effect.flatMap(OtlpJson.make(spans), ({ body, unreadable }) => send(() => body, spans.length, unreadable))
  }
  const inProtobuf: EncodingExporter = {
    encode: OtlpEncoder.encodeSpans,
    export: (spans) => send(() => spans.toBody(), spans.length, spans.unreadable)
  }
  return endpoint.protocol === "http/json" ? inJson : inProtobuf
})
