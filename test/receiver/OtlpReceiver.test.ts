import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Tracer from "effect/Tracer"
import * as Zlib from "node:zlib"
import * as LoopbackServer from "../../src/receiver/LoopbackServer.ts"
import * as OtlpReceiver from "../../src/receiver/OtlpReceiver.ts"
import type { ReceivedSpan } from "../../src/receiver/ReceivedSpan.ts"

class Inbox extends Context.Service<Inbox, Ref.Ref<ReadonlyArray<ReceivedSpan>>>()("test/Inbox") {}

const limits = { maxBodyBytes: 64 * 1024, maxSpans: 3 }

const receiver = Layer.unwrap(
  Effect.map(Inbox, (inbox) =>
    LoopbackServer.layer(OtlpReceiver.layer((spans) => Ref.update(inbox, (before) => [...before, ...spans]), limits))
  )
).pipe(
  Layer.provideMerge(Layer.effect(Inbox, Ref.make<ReadonlyArray<ReceivedSpan>>([]))),
  Layer.provideMerge(NodeHttpClient.layerNodeHttp)
)

const ids = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" }
const json = (...spans: ReadonlyArray<object>): string =>
  JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
/** `resource_spans { scope_spans { spans { trace_id span_id } } }` */
const protobuf = Buffer.from(`0a20121e121c0a10${ids.traceId}1208${ids.spanId}`, "hex")

const post = Effect.fnUntraced(function* (
  body: string | Uint8Array,
  headers: Record<string, string> = { "content-type": "application/json" }
) {
  const server = yield* HttpServer.HttpServer
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body
  const response = yield* HttpClient.post(`${HttpServer.formatAddress(server.address)}/v1/traces`, {
    headers,
    body: HttpBody.uint8Array(bytes, headers["content-type"])
  })
  const answer = Buffer.from(yield* response.arrayBuffer)
  return { status: response.status, type: response.headers["content-type"], answer, text: answer.toString() }
})

const inbox = Effect.flatMap(Inbox, Ref.get)

describe("OtlpReceiver", () => {
  it.live("takes spans as JSON and answers with an empty JSON object", () =>
    Effect.gen(function* () {
      const { status, text, type } = yield* post(json(ids), { "content-type": "application/json; charset=utf-8" })
      assert.deepStrictEqual([status, text, type], [200, "{}", "application/json"])
      assert.strictEqual((yield* inbox)[0]!.spanId, ids.spanId)
    }).pipe(Effect.provide(receiver))
  )

  it.live("takes spans as protobuf and answers with an empty message", () =>
    Effect.gen(function* () {
      const { answer, status, type } = yield* post(protobuf, { "content-type": "application/x-protobuf" })
      assert.deepStrictEqual([status, answer.length, type], [200, 0, "application/x-protobuf"])
      assert.strictEqual((yield* inbox)[0]!.traceId, ids.traceId)
    }).pipe(Effect.provide(receiver))
  )

  it.live("takes a gzipped body", () =>
    Effect.gen(function* () {
      const headers = { "content-type": "application/json", "content-encoding": "gzip" }
      assert.strictEqual((yield* post(Zlib.gzipSync(json(ids)), headers)).status, 200)
      assert.strictEqual((yield* inbox).length, 1)
    }).pipe(Effect.provide(receiver))
  )

  it.live("refuses a body that is too large, whether it says so, hides it in chunks or in gzip", () =>
    Effect.gen(function* () {
      const large = json({ ...ids, name: "x".repeat(limits.maxBodyBytes) })
      const declared = yield* post(large)
      assert.strictEqual(declared.status, 413)
      assert.deepStrictEqual(JSON.parse(declared.text), {
        code: 8,
        message: "the body is larger than 65536 bytes; send smaller batches"
      })
      const inflated = yield* post(Zlib.gzipSync(large), {
        "content-type": "application/json",
        "content-encoding": "gzip"
      })
      assert.strictEqual(inflated.status, 413)
      const server = yield* HttpServer.HttpServer
      const chunked = yield* Effect.promise(() =>
        fetch(`${HttpServer.formatAddress(server.address)}/v1/traces`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: new Blob([large]).stream(),
          duplex: "half"
        })
      )
      assert.strictEqual(chunked.status, 413)
      assert.strictEqual((yield* inbox).length, 0)
    }).pipe(Effect.provide(receiver))
  )

  it.live("says why a body was refused, in the encoding it was sent in", () =>
    Effect.gen(function* () {
      const asJson = yield* post("{")
      assert.deepStrictEqual(
        [asJson.status, JSON.parse(asJson.text)],
        [400, { code: 3, message: "the body is not JSON" }]
      )
      const asProtobuf = yield* post(Uint8Array.from([0x0a, 0x05]), { "content-type": "application/x-protobuf" })
      assert.deepStrictEqual([asProtobuf.status, asProtobuf.type], [400, "application/x-protobuf"])
      assert.deepStrictEqual([...asProtobuf.answer.subarray(0, 3)], [0x08, 3, 0x12])
      assert.strictEqual(asProtobuf.answer.subarray(4).toString(), "protobuf: ends inside a field at byte 2")
      const gzip = yield* post(json(ids), { "content-type": "application/json", "content-encoding": "gzip" })
      assert.strictEqual(gzip.status, 400)
      assert.match(gzip.text, /is not gzip/)
    }).pipe(Effect.provide(receiver))
  )

  it.live("refuses content types and encodings that OTLP does not have", () =>
    Effect.gen(function* () {
      const type = yield* post("traces", { "content-type": "text/plain" })
      assert.deepStrictEqual(
        [type.status, JSON.parse(type.text).message],
        [415, "send application/json or application/x-protobuf"]
      )
      assert.strictEqual(
        (yield* post(json(ids), { "content-type": "application/json", "content-encoding": "br" })).status,
        415
      )
    }).pipe(Effect.provide(receiver))
  )

  it.live("takes what it can and says how many spans it refused", () =>
    Effect.gen(function* () {
      const partly = yield* post(json(ids, { ...ids, traceId: "" }))
      assert.deepStrictEqual(JSON.parse(partly.text), {
        partialSuccess: {
          rejectedSpans: "1",
          errorMessage: "spans[1]: the trace id must be 32 and the span id 16 hexadecimal digits, not all zero"
        }
      })
      const zeros = Buffer.from(`0a20121e121c0a10${"00".repeat(16)}1208${"00".repeat(8)}`, "hex")
      const { answer } = yield* post(zeros, { "content-type": "application/x-protobuf" })
      assert.deepStrictEqual([answer[0], answer[2], answer[3], answer[4]], [0x0a, 0x08, 1, 0x12])
      assert.strictEqual((yield* inbox).length, 1)
    }).pipe(Effect.provide(receiver))
  )

  it.live("answers nobody who calls it by a name that is not of this machine", () =>
    Effect.gen(function* () {
      const asked = yield* post(json(ids), { "content-type": "application/json", host: "evil.example:4318" })
      assert.strictEqual(asked.status, 403)
      assert.strictEqual(
        (yield* post(json(ids), { "content-type": "application/json", host: "localhost:4318" })).status,
        200
      )
      assert.strictEqual((yield* inbox).length, 1)
    }).pipe(Effect.provide(receiver))
  )

  it.live("opens no span of its own, even in a program that traces everything", () =>
    Effect.gen(function* () {
      const opened: Array<string> = []
      const tracer = Tracer.make({
        span: (options) => {
          opened.push(`${options.kind} ${options.name}`)
          return new Tracer.NativeSpan(options)
        }
      })
      yield* post(json(ids)).pipe(
        Effect.provide(receiver),
        Effect.withSpan("around"),
        Effect.provideService(Tracer.Tracer, tracer)
      )
      assert.deepStrictEqual(opened, ["internal around", "client POST"])
    })
  )

  it.live("takes a free port when the one it was asked to use is taken", () =>
    Effect.gen(function* () {
      const first = yield* Layer.build(LoopbackServer.layer(Layer.empty))
      const { address } = Context.get(first, HttpServer.HttpServer)
      const port = Number(new URL(HttpServer.formatAddress(address)).port)
      const second = yield* Layer.build(LoopbackServer.layer(Layer.empty, { port }))
      assert.notStrictEqual(
        HttpServer.formatAddress(Context.get(second, HttpServer.HttpServer).address),
        HttpServer.formatAddress(address)
      )
    })
  )
})
