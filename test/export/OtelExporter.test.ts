import { assert, describe, it } from "@effect/vitest"
import * as Otel from "@opentelemetry/api"
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import { type ExportResult, ExportResultCode, isTracingSuppressed } from "@opentelemetry/core"
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter
} from "@opentelemetry/sdk-trace-base"
import { Effect, Exit, Fiber, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as OtelExporter from "../../src/export/OtelExporter.ts"
import * as spans from "./spans.ts"

class Scripted implements SpanExporter {
  readonly #answer: (finish: (result: ExportResult) => void, batch: Array<ReadableSpan>) => void
  shutdowns = 0
  constructor(answer: (finish: (result: ExportResult) => void, batch: Array<ReadableSpan>) => void) {
    this.#answer = answer
  }
  export(batch: Array<ReadableSpan>, finish: (result: ExportResult) => void) {
    this.#answer(finish, batch)
  }
  shutdown() {
    this.shutdowns++
    return Promise.resolve()
  }
}

const failing = (error: unknown) =>
  new Scripted((finish) => finish({ code: ExportResultCode.FAILED, error: error as Error }))

describe("OtelExporter.fromOtel", () => {
  it.effect("sends spans through an exporter of OpenTelemetry and shuts it down with the scope", () =>
    Effect.gen(function* () {
      const names: Array<string> = []
      const otel = new Scripted((finish, batch) => {
        names.push(...batch.map((span) => span.name))
        finish({ code: ExportResultCode.SUCCESS })
      })
      const scope = yield* Scope.make()
      const exporter = yield* OtelExporter.fromOtel(otel).pipe(Scope.provide(scope))
      yield* exporter.export([spans.make({ name: "a" }), spans.make({ name: "b" })])
      yield* exporter.export([])
      assert.deepStrictEqual(names, ["a", "b"])
      assert.strictEqual(otel.shutdowns, 0)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(otel.shutdowns, 1)
    })
  )

  it.effect("every way to fail becomes an ExportError with a reason and advice, and no secret", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [unknown, string, RegExp]> = [
        [Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }), "Unreachable", /listen there/],
        [Object.assign(new Error("14 UNAVAILABLE"), { code: 14 }), "Unreachable", /TRACING_INSECURE/],
        [new Error("Export failed with retryable status"), "Unreachable", /./],
        [Object.assign(new Error("4 DEADLINE_EXCEEDED"), { code: 4 }), "TimedOut", /overloaded/],
        [new Error("Request timed out"), "TimedOut", /./],
        [Object.assign(new Error("Unauthorized"), { code: 401 }), "Rejected", /TRACING_HEADERS/],
        [Object.assign(new Error("Not Found"), { code: 404 }), "Rejected", /path and protocol/],
        [Object.assign(new Error("Bad Request"), { code: 400 }), "Rejected", /Bad Request/],
        [new Error("token=canary was wrong"), "Rejected", /token=REDACTED/],
        [undefined, "Rejected", /no reason given/],
        ["text", "Rejected", /no reason given/]
      ]
      for (const [error, reason, advice] of cases) {
        const exporter = yield* OtelExporter.fromOtel(failing(error), { endpoint: "https://h" })
        const found = yield* Effect.flip(exporter.export([spans.make({})]))
        assert.strictEqual(found.reason, reason)
        assert.match(found.advice, advice)
        assert.strictEqual(found.endpoint, "https://h")
      }
    })
  )

  it.effect("an exporter that throws has failed like any other", () =>
    Effect.gen(function* () {
      const exporter = yield* OtelExporter.fromOtel(
        new Scripted(() => {
          throw new Error("poison")
        })
      )
      const found = yield* Effect.flip(exporter.export([spans.make({})]))
      assert.strictEqual(found.message, "Rejected: Scripted. poison")
    })
  )

  it.live("a shutdown that hangs holds nobody up", () =>
    Effect.gen(function* () {
      const otel = new Scripted((finish) => finish({ code: ExportResultCode.SUCCESS }))
      otel.shutdown = () => new Promise(() => {})
      yield* Effect.scoped(OtelExporter.fromOtel(otel, { shutdownTimeout: "20 millis" }))
    })
  )

  it.effect("instrumentation takes no notice of an export", () =>
    Effect.gen(function* () {
      yield* Effect.acquireRelease(
        Effect.sync(() => Otel.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())),
        () => Effect.sync(() => Otel.context.disable())
      )
      let suppressed = false
      const exporter = yield* OtelExporter.fromOtel(
        new Scripted((finish) => {
          suppressed = isTracingSuppressed(Otel.context.active())
          finish({ code: ExportResultCode.SUCCESS })
        })
      )
      yield* exporter.export([spans.make({})])
      assert.isTrue(suppressed)
    })
  )
})

describe("OtelExporter.fromSpanProcessor", () => {
  it.effect("hands a processor every ended span, flushes it and shuts it down", () =>
    Effect.gen(function* () {
      const memory = new InMemorySpanExporter()
      const scope = yield* Scope.make()
      const sink = yield* OtelExporter.fromSpanProcessor(new SimpleSpanProcessor(memory)).pipe(Scope.provide(scope))
      sink.push(spans.make({ name: "a" }))
      sink.push(spans.make({ name: "b" }))
      assert.deepStrictEqual(yield* sink.flush, { exported: 2, left: 0 })
      assert.deepStrictEqual(yield* sink.flush, { exported: 0, left: 0 })
      assert.deepStrictEqual(
        memory.getFinishedSpans().map((span) => span.name),
        ["a", "b"]
      )
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(memory.getFinishedSpans().length, 0)
    })
  )

  it.effect("what a processor throws stays with it, and a flush that fails says what is left", () =>
    Effect.gen(function* () {
      const sink = yield* OtelExporter.fromSpanProcessor({
        onStart() {},
        onEnd() {
          throw new Error("poison")
        },
        forceFlush: () => Promise.reject(new Error("no")),
        shutdown: () => Promise.reject(new Error("no"))
      })
      sink.push(spans.make({}))
      assert.deepStrictEqual(yield* sink.flush, { exported: 0, left: 1 })
    })
  )

  it.effect("a flush that hangs ends", () =>
    Effect.gen(function* () {
      const sink = yield* OtelExporter.fromSpanProcessor({
        onStart() {},
        onEnd() {},
        forceFlush: () => new Promise(() => {}),
        shutdown: () => Promise.resolve()
      })
      sink.push(spans.make({}))
      const fiber = yield* Effect.forkChild(sink.flush)
      yield* TestClock.adjust("31 seconds")
      assert.deepStrictEqual(yield* Fiber.join(fiber), { exported: 0, left: 1 })
    })
  )
})
