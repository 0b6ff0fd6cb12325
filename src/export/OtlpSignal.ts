/**
 * Sends what is no span over OTLP, by the same transport: http/protobuf, http/json or gRPC.
 *
 * One batch is one request, with a deadline of its own; it is not tried again
 * here.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Exporter } from "../model/SpanExporter.ts"
import * as ExportFailure from "./ExportFailure.ts"
import * as OtlpExporter from "./OtlpExporter.ts"
import * as OtlpProtobuf from "./OtlpProtobuf.ts"
import type { OtlpTransportOptions } from "./OtlpTransport.ts"

/** How a kind of telemetry is written. */
export interface OtlpSignal<in Item> {
  readonly grpcPath: string
  /** The request as an object, in the shape of OTLP/JSON, and the fields of its message in protobuf. */
  readonly request: (batch: ReadonlyArray<Item>) => object
  readonly message: OtlpProtobuf.MessageType
}

/** Half a character is none in JSON. */
const wellFormed = (_: string, value: unknown): unknown => (typeof value === "string" ? value.toWellFormed() : value)

/** Opens the way to an OTLP receiver; it is closed with the scope. */
export const make = Effect.fnUntraced(function* <Item>(
  options: Omit<OtlpTransportOptions, "grpcPath">,
  { grpcPath, message, request }: OtlpSignal<Item>
): Effect.fn.Return<Exporter<ReadonlyArray<Item>>, never, Scope.Scope> {
  const { endpoint, timeout } = options.settings
  const transport = yield* OtlpExporter.open({ ...options, grpcPath })
  const late = Effect.fail(
    ExportFailure.timedOut(Duration.format(timeout), "TRACING_TIMEOUT", { endpoint: endpoint.display })
  )
  const encode = (batch: ReadonlyArray<Item>): Uint8Array =>
    endpoint.protocol === "http/json"
      ? Buffer.from(JSON.stringify(request(batch), wellFormed))
      : OtlpProtobuf.encode(request(batch), message)
  return {
    export: (batch) =>
      Effect.suspend(() => transport.send(encode(batch))).pipe(
        Effect.timeoutOrElse({ duration: timeout, orElse: () => late })
      )
  }
})
