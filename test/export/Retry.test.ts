import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as Retry from "../../src/export/Retry.ts"
import type { SpanExporter } from "../../src/model/SpanExporter.ts"
import { ExportError } from "../../src/model/TracingError.ts"
import * as spans from "./spans.ts"

const failure = (options: Partial<ConstructorParameters<typeof ExportError>[0]> = {}) =>
  new ExportError({ reason: "Unreachable", endpoint: "nowhere", advice: "Wait.", retryable: true, ...options })

/** An exporter that fails as it is told, and remembers who asked when. */
const scripted = (answer: (name: string, knock: number) => ExportError | undefined) => {
  const knocks: Array<readonly [second: number, name: string]> = []
  const exporter: SpanExporter = {
    export: ([span]) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        knocks.push([now / 1000, span!.name])
        const error = answer(span!.name, knocks.length)
        return error === undefined ? Effect.void : Effect.fail(error)
      })
  }
  return { exporter, knocks }
}

const batch = (name: string) => [spans.make({ name })]

const silent = Logger.layer([])

describe("Retry", () => {
  it.effect("waits longer after each failure, within bounds, and never gives up by itself", () =>
    Effect.gen(function* () {
      const { exporter, knocks } = scripted((_, knock) => (knock <= 8 ? failure() : undefined))
      const fiber = yield* Effect.forkChild(Retry.make(exporter).export(batch("a")))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const waits = knocks.slice(1).map(([second], index) => second - knocks[index]![0])
      assert.strictEqual(waits.length, 8)
      for (const [index, longest] of [1, 2, 4, 5, 5, 5, 5, 5].entries()) {
        assert.isAtLeast(waits[index]!, longest / 2 - 0.001)
        assert.isAtMost(waits[index]!, longest + 0.001)
      }
    }).pipe(Effect.provide(silent))
  )

  it.effect("a destination that asks for a longer wait gets it, up to five minutes", () =>
    Effect.gen(function* () {
      const asked = [20_000, 3_600_000]
      const { exporter, knocks } = scripted((_, knock) =>
        knock <= 2 ? failure({ reason: "Rejected", retryAfterMillis: asked[knock - 1]! }) : undefined
      )
      const fiber = yield* Effect.forkChild(Retry.make(exporter).export(batch("a")))
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(
        knocks.map(([second]) => second),
        [0, 20, 320]
      )
    }).pipe(Effect.provide(silent))
  )

  it.effect("what another try cannot mend fails at once", () =>
    Effect.gen(function* () {
      const { exporter, knocks } = scripted(() => failure({ reason: "Rejected", retryable: false }))
      const error = yield* Effect.flip(Retry.make(exporter).export(batch("a")))
      assert.strictEqual(error.reason, "Rejected")
      assert.strictEqual(knocks.length, 1)
    })
  )

  it.effect("an outage costs one request at a time, and all go as soon as one is taken", () =>
    Effect.gen(function* () {
      let down = true
      const { exporter, knocks } = scripted(() => (down ? failure() : undefined))
      const retry = Retry.make(exporter, { delay: "1 second", maxDelay: "1 second" })
      const fibers = yield* Effect.forEach(["a", "b", "c", "d"], (name) => Effect.forkChild(retry.export(batch(name))))
      yield* TestClock.adjust("10 seconds")
      // Four that had begun; since then one in half a second to a second, each batch in its turn
      assert.isAtMost(knocks.length, 4 + 20)
      const turns = knocks.slice(4, 12).map(([, name]) => name)
      assert.strictEqual(new Set(turns.slice(0, 4)).size, 4)
      assert.deepStrictEqual(turns.slice(4), turns.slice(0, 4))
      down = false
      const before = knocks.length
      yield* TestClock.adjust("1 second")
      yield* Effect.forEach(fibers, Fiber.join)
      assert.strictEqual(knocks.length, before + 4)
    }).pipe(Effect.provide(silent))
  )

  it.effect("a batch that its destination chokes on holds up no other", () =>
    Effect.gen(function* () {
      const { exporter, knocks } = scripted((name) => (name === "poison" ? failure() : undefined))
      const retry = Retry.make(exporter)
      yield* Effect.forkChild(retry.export(batch("poison")), { startImmediately: true })
      for (const name of ["a", "b", "c"]) {
        const fiber = yield* Effect.forkChild(retry.export(batch(name)), { startImmediately: true })
        yield* TestClock.adjust("11 seconds")
        yield* Fiber.join(fiber)
      }
      assert.isAbove(knocks.filter(([, name]) => name === "poison").length, 3)
    }).pipe(Effect.provide(silent))
  )

  it.effect("whoever interrupts an export ends it, and the others go on", () =>
    Effect.gen(function* () {
      const { exporter } = scripted((_, knock) => (knock <= 2 ? failure() : undefined))
      const retry = Retry.make(exporter)
      const first = yield* Effect.forkChild(retry.export(batch("a")), { startImmediately: true })
      const second = yield* Effect.forkChild(retry.export(batch("b")), { startImmediately: true })
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(second)
    }).pipe(Effect.provide(silent))
  )

  it.effect("at the end nobody waits: there is one more try, and who is not there is not asked again", () =>
    Effect.gen(function* () {
      const { exporter, knocks } = scripted(() => failure({ retryAfterMillis: 60_000 }))
      const retry = Retry.make(exporter)
      const waiting = yield* Effect.forEach(["a", "b"], (name) =>
        Effect.forkChild(Effect.flip(retry.export(batch(name))), { startImmediately: true })
      )
      yield* TestClock.adjust(1)
      yield* retry.ending!
      yield* Effect.forEach(waiting, Fiber.join)
      yield* Effect.flip(retry.export(batch("c")))
      assert.deepStrictEqual(
        knocks.map(([, name]) => name),
        ["a", "a"]
      )
    }).pipe(Effect.provide(silent))
  )

  it.effect("at the end a destination that answers is still tried again", () =>
    Effect.gen(function* () {
      const { exporter, knocks } = scripted((_, knock) => (knock === 1 ? failure({ reason: "Rejected" }) : undefined))
      const retry = Retry.make(exporter)
      yield* retry.ending!
      const fiber = yield* Effect.forkChild(retry.export(batch("a")))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.strictEqual(knocks.length, 2)
    }).pipe(Effect.provide(silent))
  )

  it.effect("an outage is told when it begins, once a minute at most, and when it is over", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ logLevel, message }) => void lines.push(`${logLevel}: ${String(message)}`))
    return Effect.gen(function* () {
      let down = true
      const { exporter } = scripted(() => (down ? failure() : undefined))
      const retry = Retry.make(exporter)
      const first = yield* Effect.forkChild(retry.export(batch("a")), { startImmediately: true })
      yield* TestClock.adjust("20 seconds")
      down = false
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(first)
      down = true
      const second = yield* Effect.forkChild(retry.export(batch("b")), { startImmediately: true })
      down = false
      yield* TestClock.adjust("5 seconds")
      yield* Fiber.join(second)
      assert.deepStrictEqual(lines, [
        "Warn: Tracing cannot deliver and tries again; spans wait meanwhile. Unreachable: nowhere. Wait.",
        "Info: Tracing delivers again."
      ])
    }).pipe(Effect.provide(Logger.layer([logger])))
  })
})
