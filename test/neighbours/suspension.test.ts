import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Otel from "@opentelemetry/api"
import { Deferred, Effect, Fiber, Latch, Queue, Schedule, Scope, Semaphore, Stream } from "effect"
import { Baggage, Traced } from "@gorax/tracing"
import { EventEmitter, on, once } from "node:events"
import { Readable } from "node:stream"
import { setImmediate as immediate, setTimeout as timeout } from "node:timers/promises"
import * as OtelContext from "../../src/tracer/OtelContext.ts"
import * as Recorder from "../tracer/recorder.ts"

const otelContext = OtelContext.make("on")
const recorder = Recorder.make({ otelContext })

beforeAll(() => {
  Otel.context.setGlobalContextManager(otelContext.manager)
})
afterAll(() => Otel.context.disable())

/** What code that knows only OpenTelemetry finds around it. */
const look = (): string =>
  `${Otel.trace.getActiveSpan()?.spanContext().spanId} ${Otel.propagation.getActiveBaggage()?.getEntry("tenant")?.value}`

const looking = Effect.sync(look)

/** The same, as the fiber knows it. */
const own = Effect.gen(function* () {
  const span = yield* Effect.currentSpan
  return `${span.spanId} ${(yield* Baggage.all).get("tenant")?.value}`
})

/** Wakes a fiber from another one, which has a span and a tenant of its own. */
const elsewhere = <A>(self: Effect.Effect<A>) =>
  Effect.forkDetach(
    Effect.promise(() => immediate()).pipe(
      Effect.andThen(self),
      Effect.withSpan("elsewhere", { root: true }),
      Baggage.set("tenant", "elsewhere")
    )
  )

/** Every way in which foreign code is reached from a fiber, or a fiber is left and taken up again. */
const points: Readonly<Record<string, Effect.Effect<unknown, unknown, Scope.Scope>>> = {
  "in sync code": looking,
  "in suspended code": Effect.suspend(() => Effect.succeed(look())),
  "in a generator between its yields": Effect.gen(function* () {
    const before = look()
    yield* Effect.yieldNow
    return [before, look()]
  }),
  "in a promise and behind its awaits": Effect.promise(async () => {
    const before = look()
    await immediate()
    const between = look()
    await timeout(1)
    return [before, between, look()]
  }),
  "after a promise": Effect.andThen(
    Effect.promise(() => immediate()),
    looking
  ),
  "in a promise that may fail, and in what makes its error": Effect.tryPromise({
    try: async () => {
      await immediate()
      throw new Error(look())
    },
    catch: (error) => [(error as Error).message, look()]
  }).pipe(Effect.catch((seen: ReadonlyArray<string>) => Effect.succeed([...seen, look()]))),
  "in a callback and what it registers": Effect.callback<ReadonlyArray<string>>((resume) => {
    const before = look()
    setTimeout(() => resume(Effect.sync(() => [before, look()])), 1)
  }),
  "in timers, microtasks and ticks": Effect.callback<ReadonlyArray<string>>((resume) => {
    const seen: Array<string> = []
    const see = () => {
      if (seen.push(look()) === 4) resume(Effect.succeed(seen))
    }
    setTimeout(see, 1)
    setImmediate(see)
    queueMicrotask(see)
    process.nextTick(see)
  }),
  "in an event emitter's listeners": Effect.promise(async () => {
    const emitter = new EventEmitter()
    const seen: Array<string> = []
    emitter.on("done", () => seen.push(look()))
    setImmediate(() => emitter.emit("done"))
    await once(emitter, "done")
    return [...seen, look()]
  }),
  "in an async iterator": Effect.promise(async () => {
    const emitter = new EventEmitter()
    setImmediate(() => emitter.emit("item", 1))
    for await (const _ of on(emitter, "item")) return look()
    return undefined
  }),
  "after a sleep": Effect.andThen(Effect.sleep("1 millis"), looking),
  "after a yield": Effect.andThen(Effect.yieldNow, looking),
  "after a deferred that another fiber completes": Effect.gen(function* () {
    const deferred = yield* Deferred.make<void>()
    yield* elsewhere(Deferred.succeed(deferred, undefined))
    yield* Deferred.await(deferred)
    return look()
  }),
  "after a queue that another fiber fills": Effect.gen(function* () {
    const queue = yield* Queue.unbounded<number>()
    yield* elsewhere(Queue.offer(queue, 1))
    yield* Queue.take(queue)
    return look()
  }),
  "after a latch and a semaphore that another fiber opens": Effect.gen(function* () {
    const latch = yield* Latch.make()
    yield* elsewhere(latch.open)
    yield* latch.await
    const semaphore = yield* Semaphore.make(1)
    const held = yield* Latch.make()
    yield* elsewhere(semaphore.withPermits(1)(Effect.andThen(held.open, Effect.sleep("1 millis"))))
    yield* held.await
    return [look(), yield* semaphore.withPermits(1)(looking)]
  }),
  "in concurrent branches": Effect.forEach(
    Array.from({ length: 5 }),
    () => Effect.andThen(Effect.sleep("1 millis"), looking),
    { concurrency: 3 }
  ),
  "around a race and a timeout": Effect.gen(function* () {
    yield* Effect.race(
      Effect.never,
      Effect.promise(() => immediate())
    )
    const raced = look()
    yield* Effect.timeoutOption(Effect.never, "1 millis")
    return [raced, look()]
  }),
  "between retries": Effect.gen(function* () {
    const seen: Array<string> = []
    yield* Effect.sync(() => seen.push(look())).pipe(
      Effect.andThen(Effect.fail("again")),
      Effect.retry({ times: 2, schedule: Schedule.spaced("1 millis") }),
      Effect.ignore
    )
    return seen
  }),
  "in a stream's steps, whatever feeds it": Effect.gen(function* () {
    const feeds = [
      Stream.fromAsyncIterable(Readable.from(["a", "b"]), (error) => error),
      Stream.fromIterable(["a", "b"]).pipe(Stream.tap(() => Effect.sleep("1 millis"))),
      Stream.fromEffectSchedule(looking, Schedule.recurs(1))
    ]
    return yield* Effect.forEach(feeds, (feed) =>
      feed.pipe(
        Stream.mapEffect(() => Effect.andThen(Effect.yieldNow, looking), { concurrency: 2 }),
        Stream.runCollect
      )
    ).pipe(Effect.map((seen) => seen.flat()))
  }),
  "in children, scoped fibers and daemons, and after joining them": Effect.gen(function* () {
    const slow = Effect.andThen(Effect.sleep("1 millis"), looking)
    const fibers = [yield* Effect.forkChild(slow), yield* Effect.forkScoped(slow), yield* Effect.forkDetach(slow)]
    const seen = yield* Effect.forEach(fibers, Fiber.join)
    return [...seen, look()]
  }),
  "in an interrupted fiber's finalizer, and after the interruption": Effect.gen(function* () {
    const seen: Array<string> = []
    const finalize = Effect.promise(async () => {
      seen.push(look())
      await immediate()
      seen.push(look())
    })
    const fiber = yield* Effect.forkChild(
      Effect.onInterrupt(Effect.never, () => finalize),
      { startImmediately: true }
    )
    yield* Fiber.interrupt(fiber)
    return [...seen, look()]
  }),
  "in finalizers": Effect.gen(function* () {
    const seen: Array<string> = []
    const see = Effect.promise(async () => {
      await immediate()
      seen.push(look())
    })
    yield* Effect.void.pipe(Effect.ensuring(see))
    yield* Effect.scoped(Effect.acquireRelease(see, () => see))
    return [...seen, look()]
  }),
  "directly before, in and after inner spans, with nothing between": Effect.gen(function* () {
    const outer = yield* own
    const wrong: Array<string> = []
    const body = Effect.gen(function* () {
      const seen = look()
      if (seen !== (yield* own)) wrong.push(`in: ${seen}`)
      return 1
    })
    const failing = Effect.gen(function* () {
      yield* body
      return yield* Effect.fail("no")
    })
    const inner = [
      body.pipe(Effect.withSpan("inner")),
      body.pipe(Traced.span("inner")),
      Effect.fn("inner")(() => body)(),
      Effect.succeed(1).pipe(Effect.withSpan("inner")),
      Effect.succeed(1).pipe(Traced.span("inner")),
      Effect.ignore(failing.pipe(Effect.withSpan("inner"))),
      Effect.ignore(failing.pipe(Traced.span("inner"))),
      body.pipe(Baggage.set("tenant", "inner")),
      body.pipe(Effect.withSpan("inner"), Baggage.set("tenant", "inner"))
    ]
    for (const [index, each] of inner.entries()) {
      yield* each
      const seen = look()
      if (seen !== outer) wrong.push(`after ${index}: ${seen}`)
    }
    assert.deepStrictEqual(wrong, [])
    return look()
  }),
  "after an inner span, a failed one and one of a daemon": Effect.gen(function* () {
    yield* Effect.sleep("1 millis").pipe(Effect.withSpan("inner"))
    const first = look()
    yield* Effect.promise(() => immediate()).pipe(
      Effect.andThen(Effect.fail("no")),
      Effect.withSpan("failed"),
      Effect.ignore
    )
    yield* Effect.forkDetach(Effect.sleep("1 millis").pipe(Effect.withSpan("daemon")), { startImmediately: true })
    return [first, look()]
  })
}

const check = (seen: unknown, expected: string) => {
  const all = [seen].flat()
  assert.isAbove(all.length, 0)
  assert.deepStrictEqual(
    all,
    all.map(() => expected)
  )
}

const point = (self: Effect.Effect<unknown, unknown, Scope.Scope>, tenant: string) =>
  Effect.gen(function* () {
    const expected = yield* own
    check(yield* Effect.scoped(self), expected)
    check(yield* looking, expected)
  }).pipe(Effect.orDie, Baggage.set("tenant", tenant))

describe("OpenTelemetry's own ways of carrying a context", () => {
  const key = Otel.createContextKey("key")
  const marked = Otel.ROOT_CONTEXT.setValue(key, "marked")
  const mark = () => Otel.context.active().getValue(key)

  it.live("bind a function and an event emitter, as instrumentation of node:http does", () =>
    recorder.run(
      Effect.sync(() => {
        const emitter = Otel.context.bind(marked, new EventEmitter())
        const seen: Array<unknown> = []
        emitter.on("event", () => seen.push(mark()))
        emitter.emit("event")
        seen.push(Otel.context.bind(marked, mark)(), mark())
        assert.deepStrictEqual(seen, ["marked", "marked", undefined])
      }).pipe(Effect.withSpan("work"))
    )
  )

  it.live("attach a context to a stack, under the fiber's span, until it is let go of", () =>
    recorder.run(
      Effect.gen(function* () {
        const expected = yield* own
        const token = yield* Effect.sync(() => otelContext.manager.attach(marked))
        assert.deepStrictEqual(yield* Effect.sync(() => [mark(), look()]), ["marked", expected])
        yield* Effect.sync(() => token.dispose())
        assert.deepStrictEqual(yield* Effect.sync(() => [mark(), look()]), [undefined, expected])
      }).pipe(Effect.withSpan("work"), Baggage.set("tenant", "attached"))
    )
  )
})

describe("OpenTelemetry's active span and baggage are the fiber's", () => {
  for (const [name, self] of Object.entries(points)) {
    it.live(name, () => recorder.run(point(self, name).pipe(Effect.withSpan("work"))))
  }

  it.live("at all these points at once, in spans of either kind, without mixing them up", () =>
    recorder.run(
      Effect.gen(function* () {
        yield* Effect.forEach(
          Object.entries(points).flatMap((entry) => [entry, entry]),
          ([name, self], index) =>
            point(self, `${name} ${index}`).pipe(index % 2 === 0 ? Effect.withSpan("work") : Traced.span("work")),
          { concurrency: "unbounded", discard: true }
        )
      })
    )
  )
})
