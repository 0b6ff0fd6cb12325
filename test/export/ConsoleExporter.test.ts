import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, Exit, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as ConsoleExporter from "../../src/export/ConsoleExporter.ts"
import * as spans from "./spans.ts"

const id = (digit: number) => digit.toString(16).padStart(16, "0")
const start = 1_700_000_000_000_000_000n

/** A span by its number, its parent's and its order in time. */
const span = (own: number, parent: number | undefined, name: string, more: Parameters<typeof spans.make>[0] = {}) =>
  spans.make({
    spanId: id(own),
    parentSpanId: parent === undefined ? undefined : id(parent),
    name,
    startTime: start + BigInt(own),
    endTime: start + BigInt(own) + 12_000_000n,
    ...more
  })

const make = (options?: ConsoleExporter.ConsoleExporterOptions) =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const scope = yield* Scope.make()
    const provided = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.provideService(effect, Console.Console, {
        ...globalThis.console,
        log: (...args: ReadonlyArray<unknown>) => lines.push(args.join(" "))
      } as Console.Console)
    const exporter = yield* ConsoleExporter.make(options).pipe(Scope.provide(scope), provided)
    return {
      lines,
      export: (batch: ReadonlyArray<ReturnType<typeof spans.make>>) => provided(exporter.export(batch)),
      close: Scope.close(scope, Exit.void)
    }
  })

describe("ConsoleExporter", () => {
  it.effect("draws a trace when the span that began it has ended, with what tells its spans apart", () =>
    Effect.gen(function* () {
      const console = yield* make()
      const stamped = { workflow_id: "fulfil-order" }
      yield* console.export([
        span(3, 2, "workflow.retry.attempt", {
          attributes: { ...stamped, node_id: "charge-card", "retry.attempt": 1 }
        }),
        span(2, 1, "workflow.step.execute", {
          attributes: { ...stamped, node_id: "charge-card", "error.type": "CardDeclined" },
          statusCode: "error",
          statusMessage: "no funds\nat all"
        }),
        span(4, 1, "workflow.loop.iteration", {
          attributes: { ...stamped, "loop.item_variable": "line", "loop.iteration.index": 0 }
        })
      ])
      assert.deepStrictEqual(console.lines, [])
      yield* console.export([
        span(1, undefined, "workflow.execute", { attributes: stamped, endTime: start + 1_240_000_001n })
      ])
      assert.deepStrictEqual(console.lines, [
        `workflow.execute fulfil-order 1.24s
├─ workflow.step.execute charge-card 12ms ✗ CardDeclined no funds at all
│  └─ workflow.retry.attempt #1 12ms
└─ workflow.loop.iteration line #0 12ms`
      ])
    })
  )

  it.effect("a parent in another process begins a tree here", () =>
    Effect.gen(function* () {
      const console = yield* make()
      yield* console.export([span(3, 2, "inner"), span(2, 9, "POST /orders", { parentIsRemote: true })])
      assert.deepStrictEqual(console.lines, ["POST /orders 12ms\n└─ inner 12ms"])
    })
  )

  it.effect("spans whose beginning does not come are drawn after a while, and late ones too", () =>
    Effect.gen(function* () {
      const console = yield* make({ patience: "2 seconds" })
      yield* console.export([span(3, 2, "orphan")])
      yield* TestClock.adjust("1900 millis")
      assert.deepStrictEqual(console.lines, [])
      yield* TestClock.adjust("200 millis")
      assert.deepStrictEqual(console.lines, ["orphan 12ms"])
      yield* console.export([span(1, undefined, "root")])
      yield* console.export([span(2, 1, "late")])
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(console.lines, ["orphan 12ms", "root 12ms", "late 12ms"])
    })
  )

  it.effect("what it still holds at the end is drawn", () =>
    Effect.gen(function* () {
      const console = yield* make()
      yield* console.export([span(3, 2, "orphan"), span(4, 3, "child")])
      yield* console.close
      assert.deepStrictEqual(console.lines, ["orphan 12ms\n└─ child 12ms"])
    })
  )

  it.effect("it holds no more spans than it may: the oldest trace goes first", () =>
    Effect.gen(function* () {
      const console = yield* make({ capacity: 3 })
      const trace = (digit: string) => ({ traceId: digit.repeat(32) })
      yield* console.export([
        span(3, 2, "old", trace("a")),
        span(4, 2, "old too", trace("a")),
        span(5, 2, "new", trace("b"))
      ])
      assert.deepStrictEqual(console.lines, [])
      yield* console.export([span(6, 2, "newer", trace("b"))])
      assert.deepStrictEqual(console.lines, ["old 12ms\nold too 12ms"])
    })
  )

  it.effect("colour is there when asked for, and control characters of a span's own never are", () =>
    Effect.gen(function* () {
      const console = yield* make({ colour: true })
      yield* console.export([
        span(1, undefined, "a\u001b[31mb\nc", { statusCode: "error", statusMessage: "\u001b[0mgone" })
      ])
      assert.deepStrictEqual(console.lines, ["a [31mb c \u001b[2m12ms\u001b[0m \u001b[31m✗ [0mgone\u001b[0m"])
    })
  )
})
