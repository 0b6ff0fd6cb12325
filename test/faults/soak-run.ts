/**
 * A program that ends 10,000 spans a second, first beside a collector that is well, then beside one that hangs.
 *
 * Its arguments are how many seconds of each. It says `hang` when the second part begins, and prints one line of JSON
 * at the end of it.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Traced, TracingHealth, TracingLive } from "@gorax/tracing"
import { Clock, Console, Effect } from "effect"

export interface SoakRun {
  /** Spans that ended while the collector hung. */
  readonly offered: number
  /** When it began to hang: what the program needs at this pace, whoever listens. */
  readonly rssBefore: number
  /** Afterwards, at most. */
  readonly rssMost: number
  readonly dropped: number
  readonly status: string
}

const spansPerSecond = 10_000

const tick = 10
const looksEvery = 10

const step = Effect.void.pipe(
  Traced.step("charge-card", { type: "http", attributes: { tenant_id: "acme", workflow_id: "fulfil-order" } })
)

/** Ends so many spans in so many seconds, and gives the most memory there was. */
const offer = Effect.fnUntraced(function* (spans: number) {
  const begin = yield* Clock.currentTimeMillis
  let rssMost = 0
  let offered = 0
  for (let ticks = 0; offered < spans; ticks++) {
    const elapsed = (yield* Clock.currentTimeMillis) - begin
    const due = Math.min(spans, (elapsed / 1000) * spansPerSecond)
    for (; offered < due; offered++) yield* step
    if (ticks % looksEvery === 0) rssMost = Math.max(rssMost, process.memoryUsage.rss())
    yield* Effect.sleep(tick)
  }
  return Math.max(rssMost, process.memoryUsage.rss())
})

const soak = Effect.fnUntraced(function* (wellSeconds: number, hangSeconds: number) {
  const offered = Math.ceil(hangSeconds * spansPerSecond)
  yield* offer(wellSeconds * spansPerSecond)
  const rssBefore = process.memoryUsage.rss()
  yield* Console.log("hang")
  const rssMost = yield* offer(offered)
  const { books, status } = yield* TracingHealth.snapshot
  const result: SoakRun = { offered, rssBefore, rssMost, dropped: books.dropped["queue_full"] ?? 0, status }
  yield* Console.log(JSON.stringify(result))
})

const [wellSeconds, hangSeconds] = process.argv.slice(2).map(Number)

NodeRuntime.runMain(soak(wellSeconds!, hangSeconds!).pipe(Effect.provide(TracingLive)))
