/**
 * Sends spans to Jaeger in its own Thrift types: to a collector over HTTP, or to an agent over UDP.
 *
 * Every batch must come from one process (`PerProcess` sees to that). It is
 * not tried again here (`Retry` does that).
 *
 * @see https://www.jaegertracing.io/docs/latest/architecture/apis/
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SpanExporter } from "../model/SpanExporter.ts"
import * as HttpDestination from "./HttpDestination.ts"
import * as JaegerAgent from "./JaegerAgent.ts"
import * as JaegerBatch from "./JaegerBatch.ts"
import type { OtlpTransportOptions } from "./OtlpTransport.ts"
import * as SpanEncoding from "./SpanEncoding.ts"

/** Where a collector takes spans, below the address of its server. */
export const path = "/api/traces"

const words: OtlpTransportOptions["words"] = {
  setting: "TRACING_JAEGER_ENDPOINT",
  hints: [
    [[401, 403], "Are the credentials in TRACING_JAEGER_ENDPOINT right?"],
    [[400, 404, 405, 415], `Is this the path of a Jaeger collector's Thrift receiver, which ends with ${path}?`]
  ]
}

/** Opens the way to a collector; it is closed with the scope. */
export const overHttp = (
  options: Omit<OtlpTransportOptions, "words">
): Effect.Effect<SpanExporter, never, Scope.Scope> =>
  Effect.map(HttpDestination.make({ ...options, words }, "application/x-thrift"), (send): SpanExporter => ({
    export: Effect.fnUntraced(function* (spans) {
      const { encoded, unreadable } = yield* SpanEncoding.encodeAll(spans, JaegerBatch.encodeBinary)
      if (encoded.length > 0) yield* send(JaegerBatch.toBody(spans[0]!.resource, encoded))
      return SpanEncoding.leftOut({ unreadable })
    })
  }))

const tooLargeMessage = (packetSize: number): string =>
  `a span that fits into no packet of ${packetSize} bytes is not sent (TRACING_JAEGER_PACKET_SIZE). ` +
  "Over HTTP there is no such bound: TRACING_JAEGER_ENDPOINT"

/**
 * Opens the way to an agent; it is closed with the scope.
 *
 * As many packets as a batch needs, none larger than `packetSize`. Nobody
 * answers over UDP: what the network took counts as exported. A span that is
 * too large for a packet counts as rejected, and the others of its batch go.
 */
export const overUdp = (options: JaegerAgent.JaegerAgentOptions): Effect.Effect<SpanExporter, never, Scope.Scope> =>
  Effect.map(JaegerAgent.make(options), (send): SpanExporter => ({
    export: Effect.fnUntraced(function* (spans) {
      const { encoded, unreadable } = yield* SpanEncoding.encodeAll(spans, JaegerBatch.encodeCompact)
      if (encoded.length === 0) return SpanEncoding.leftOut({ unreadable })
      const { packets, tooLarge } = JaegerBatch.toPackets(spans[0]!.resource, encoded, options.packetSize)
      yield* Effect.forEach(packets, send, { discard: true })
      return tooLarge === 0
        ? SpanEncoding.leftOut({ unreadable })
        : SpanEncoding.leftOut({ unreadable, rejected: tooLarge, message: tooLargeMessage(options.packetSize) })
    })
  }))
