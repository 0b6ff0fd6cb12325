import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Redacted, Result } from "effect"
import * as JaegerExporter from "../../src/export/JaegerExporter.ts"
import * as OtlpEndpoint from "../../src/export/OtlpEndpoint.ts"
import * as PerProcess from "../../src/export/PerProcess.ts"
import { ExportError } from "../../src/model/TracingError.ts"
import type { SpanData } from "../../src/model/SpanData.ts"
import * as jaeger from "./jaeger.ts"
import * as receivers from "./receivers.ts"
import * as spans from "./spans.ts"
import * as thrift from "./thrift.ts"

const overHttp = (url: string) =>
  JaegerExporter.overHttp({
    settings: {
      endpoint: Result.getOrThrow(OtlpEndpoint.fromText(url, { protocol: "http/json", path: JaegerExporter.path })),
      headers: Redacted.make({}),
      compression: "none",
      timeout: Duration.seconds(5)
    },
    tls: {},
    userAgent: "test"
  })

const unreadable = spans.make({ spanId: "not an id" })

describe("JaegerExporter over HTTP", () => {
  it.live("posts a batch in Thrift's binary protocol", () =>
    Effect.gen(function* () {
      const collector = yield* receivers.http()
      const exporter = yield* overHttp(collector.url)
      const leftOut = yield* exporter.export([spans.make({ name: "a" }), unreadable, spans.make({ name: "b" })])
      assert.deepInclude(leftOut, { rejected: 0, unreadable: 1 })
      const { body, headers, path } = yield* collector.next
      assert.deepStrictEqual([path, headers["content-type"]], ["/api/traces", "application/x-thrift"])
      const found = jaeger.batch(thrift.fromBinary(body))
      assert.strictEqual(found.service, "test")
      assert.deepStrictEqual(
        found.spans.map(({ name }) => name),
        ["a", "b"]
      )
    })
  )

  it.live("the setting to look at is named when it is refused", () =>
    Effect.gen(function* () {
      const collector = yield* receivers.http(404)
      const error = yield* Effect.flip((yield* overHttp(collector.url)).export([spans.make({})]))
      assert.include(error.message, "ends with /api/traces")
    })
  )
})

/** The batch in a packet, after a look at its envelope. */
const opened = (packet: Buffer) => {
  const { args, ...envelope } = thrift.fromCompactMessage(packet)
  assert.deepStrictEqual(envelope, { version: 1, type: 4, sequence: 0, method: "emitBatch" })
  return jaeger.batch(args[1] as thrift.ThriftStruct)
}

const overUdp = (port: number, packetSize = 65_000) => JaegerExporter.overUdp({ host: "127.0.0.1", port, packetSize })

describe("JaegerExporter over UDP", () => {
  it.live("sends a call of the agent that expects no answer", () =>
    Effect.gen(function* () {
      const agent = yield* receivers.udp
      const exporter = yield* overUdp(agent.port)
      assert.isUndefined(yield* exporter.export([spans.make({ name: "a" }), spans.make({ name: "b" })]))
      const { service, spans: found } = opened(yield* agent.next)
      assert.strictEqual(service, "test")
      assert.deepStrictEqual(
        found.map(({ name }) => name),
        ["a", "b"]
      )
    })
  )

  it.live("spreads a batch over packets that are as full as they may be, and loses none of it", () =>
    Effect.gen(function* () {
      const agent = yield* receivers.udp
      const packetSize = 5000
      const exporter = yield* overUdp(agent.port, packetSize)
      const names = Array.from({ length: 200 }, (_, index) => `span ${index} ${"x".repeat((index * 37) % 400)}`)
      yield* exporter.export(names.map((name) => spans.make({ name })))
      const found: Array<string> = []
      const sizes: Array<number> = []
      while (found.length < names.length) {
        const packet = yield* agent.next
        sizes.push(packet.length)
        found.push(...opened(packet).spans.map(({ name }) => name))
      }
      assert.deepStrictEqual(found, names)
      assert.isAtMost(Math.max(...sizes), packetSize)
      // Each but the last had no room for another span of at most 650 bytes
      assert.isAbove(Math.min(...sizes.slice(0, -1)), packetSize - 650)
    })
  )

  it.live("the largest packet of the default size goes through a real socket", () =>
    Effect.gen(function* () {
      const agent = yield* receivers.udp
      const exporter = yield* overUdp(agent.port)
      const text = (length: number) => spans.make({ name: "large", attributes: { text: "x".repeat(length) } })
      assert.isUndefined(yield* exporter.export([text(64_700)]))
      const packet = yield* agent.next
      assert.isAbove(packet.length, 64_700)
      assert.isAtMost(packet.length, 65_000)
    })
  )

  it.live("a span that fits into no packet is counted with the reason, and the others go", () =>
    Effect.gen(function* () {
      const agent = yield* receivers.udp
      const exporter = yield* overUdp(agent.port, 1000)
      const huge = spans.make({ name: "huge", attributes: { text: "x".repeat(2000) } })
      const leftOut = yield* exporter.export([spans.make({ name: "a" }), huge, unreadable, spans.make({ name: "b" })])
      assert.deepInclude(leftOut, { rejected: 1, unreadable: 1 })
      assert.include(leftOut!.message, "TRACING_JAEGER_PACKET_SIZE")
      assert.deepStrictEqual(
        opened(yield* agent.next).spans.map(({ name }) => name),
        ["a", "b"]
      )
    })
  )

  it.live("an agent that is not there is worth another try", () =>
    Effect.gen(function* () {
      const { port } = yield* Effect.scoped(receivers.udp)
      const exporter = yield* overUdp(port)
      const error = yield* Effect.flip(exporter.export([spans.make({})]))
      assert.deepInclude(error, { reason: "Unreachable", retryable: true, endpoint: `udp://127.0.0.1:${port}` })
      assert.include(error.message, "TRACING_JAEGER_AGENT")

      const unknown = yield* JaegerExporter.overUdp({ host: "no-such-host.invalid", port: 1, packetSize: 1000 })
      assert.strictEqual((yield* Effect.flip(unknown.export([spans.make({})]))).reason, "Unreachable")
    })
  )
})

describe("PerProcess", () => {
  const first = { attributes: { "service.name": "a" } }
  const second = { attributes: { "service.name": "b" } }
  const mixed = [spans.make({ resource: first }), spans.make({ resource: second }), spans.make({ resource: first })]

  it.effect("the spans of each process are sent together, and nobody else's with them", () =>
    Effect.gen(function* () {
      const batches: Array<ReadonlyArray<SpanData>> = []
      const exporter = PerProcess.make({ export: (batch) => Effect.sync(() => void batches.push(batch)) })
      assert.isUndefined(yield* exporter.export(mixed))
      assert.deepStrictEqual(
        batches.map((batch) => batch.map(({ resource }) => resource)),
        [[first, first], [second]]
      )
    })
  )

  it.effect("what failed for one process is counted, and fails the batch only when it failed for all", () =>
    Effect.gen(function* () {
      const refusal = new ExportError({ reason: "Rejected", endpoint: "there", advice: "no" })
      const refusing = (which: (resource: unknown) => boolean) =>
        PerProcess.make({
          export: (batch) => (which(batch[0]!.resource) ? Effect.fail(refusal) : Effect.void)
        })
      const leftOut = yield* refusing((resource) => resource === first).export(mixed)
      assert.deepStrictEqual(leftOut, { rejected: 2, unreadable: 0, message: refusal.message })
      assert.strictEqual(yield* Effect.flip(refusing(() => true).export(mixed)), refusal)
    })
  )
})
