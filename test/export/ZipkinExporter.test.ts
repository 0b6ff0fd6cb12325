import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Redacted, Result } from "effect"
import * as OtlpEndpoint from "../../src/export/OtlpEndpoint.ts"
import * as ZipkinExporter from "../../src/export/ZipkinExporter.ts"
import * as receivers from "./receivers.ts"
import * as spans from "./spans.ts"

const make = (url: string, timeout: Duration.Input = "5 seconds") =>
  ZipkinExporter.make({
    settings: {
      endpoint: Result.getOrThrow(OtlpEndpoint.fromText(url, { protocol: "http/json", path: ZipkinExporter.path })),
      headers: Redacted.make({}),
      compression: "none",
      timeout: Duration.fromInputUnsafe(timeout)
    },
    tls: {},
    userAgent: "test"
  })

/** A span that nobody can read. */
const poison = new Proxy(spans.make({}), {
  get: (span, key) => {
    if (key === "attributes") throw new Error("no")
    return Reflect.get(span, key)
  }
})

describe("ZipkinExporter", () => {
  it.live("posts a batch as one JSON list", () =>
    Effect.gen(function* () {
      const zipkin = yield* receivers.http()
      const exporter = yield* make(zipkin.url)
      assert.isUndefined(yield* exporter.export([spans.make({ name: "a" }), spans.make({ name: "b" })]))
      const { body, headers, method, path } = yield* zipkin.next
      assert.deepStrictEqual(
        [method, path, headers["content-type"], headers["user-agent"]],
        ["POST", "/api/v2/spans", "application/json", "test"]
      )
      assert.deepStrictEqual(
        JSON.parse(body.toString()).map(({ name }: { readonly name: string }) => name),
        ["a", "b"]
      )
    })
  )

  it.live("a batch of thousands arrives whole and in order, though others have their turn meanwhile", () =>
    Effect.gen(function* () {
      const zipkin = yield* receivers.http()
      const exporter = yield* make(zipkin.url)
      const names = Array.from({ length: 3000 }, (_, index) => `span ${index}`)
      let turns = 0
      const others = setInterval(() => turns++, 0)
      yield* exporter.export(names.map((name) => spans.make({ name })))
      clearInterval(others)
      const found: ReadonlyArray<{ readonly name: string }> = JSON.parse((yield* zipkin.next).body.toString())
      assert.deepStrictEqual(
        found.map(({ name }) => name),
        names
      )
      assert.isAbove(turns, 1)
    })
  )

  it.live("a span that cannot be read is counted, and the others arrive", () =>
    Effect.gen(function* () {
      const zipkin = yield* receivers.http()
      const exporter = yield* make(zipkin.url)
      const leftOut = yield* exporter.export([poison, spans.make({ name: "innocent" })])
      assert.deepInclude(leftOut, { rejected: 0, unreadable: 1 })
      assert.deepInclude(yield* exporter.export([poison]), { unreadable: 1 })
      assert.strictEqual(zipkin.requests.length, 1)
      assert.include(zipkin.requests[0]!.body.toString(), "innocent")
    })
  )

  it.live("what Zipkin refuses is refused for good, and the setting to look at is named", () =>
    Effect.gen(function* () {
      for (const [status, setting] of [
        [400, "path of a Zipkin server"],
        [401, "TRACING_ZIPKIN_ENDPOINT"],
        [302, "TRACING_ZIPKIN_ENDPOINT"]
      ] as const) {
        const zipkin = yield* receivers.http(status)
        const error = yield* Effect.flip((yield* make(zipkin.url)).export([spans.make({})]))
        assert.strictEqual(error.reason, "Rejected")
        assert.isFalse(error.retryable ?? false)
        assert.include(error.message, setting)
        assert.notMatch(error.message, /TRACING_(HEADERS|ENDPOINT|PROTOCOL)/)
      }
    })
  )

  it.live("what may be taken later is worth another try: nobody there, no answer, too much at once", () =>
    Effect.gen(function* () {
      const { port } = yield* Effect.scoped(receivers.http())
      const nobody = yield* Effect.flip((yield* make(`http://127.0.0.1:${port}`)).export([spans.make({})]))
      assert.deepInclude(nobody, { reason: "Unreachable", retryable: true })

      const busy = yield* receivers.http(503)
      assert.isTrue((yield* Effect.flip((yield* make(busy.url)).export([spans.make({})]))).retryable)

      const hanging = yield* make(yield* receivers.silent, "20 millis")
      const late = yield* Effect.flip(hanging.export([spans.make({})]))
      assert.deepInclude(late, { reason: "TimedOut", retryable: true })
      assert.include(late.message, "TRACING_TIMEOUT")
    })
  )
})
