/**
 * Bar R1 with a spool: nobody listens for a while, and memory holds a small part of what ends meanwhile.
 */
import { FakeCollector } from "@gorax/tracing/testing"
import { Tracing } from "@gorax/tracing"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

export interface OutageRow {
  readonly bar: "R1"
  readonly spool: true
  readonly seconds: number
  readonly spansPerSecond: number
  readonly ended: number
  readonly delivered: number
  readonly lost: number
  readonly duplicated: number
  /** From the collector's return until everything had arrived. */
  readonly catchUpMs: number
  readonly ok: boolean
}

const queueSize = 1000
const every = 10

/** Ends so many spans a second for so long. */
const work = (spansPerSecond: number, seconds: number) =>
  Effect.forEach(
    Array.from({ length: (1000 * seconds) / every }),
    () =>
      Effect.andThen(
        Effect.forEach(Array.from({ length: (spansPerSecond * every) / 1000 }), () => one, { discard: true }),
        Effect.sleep(every)
      ),
    { discard: true }
  )

const one = Effect.withSpan(Effect.void, "work", { attributes: { tenant_id: "acme" } })

export const outage = Effect.fnUntraced(function* (
  seconds: number,
  spansPerSecond: number
): Effect.fn.Return<OutageRow, unknown, FakeCollector.FakeCollector> {
  const collector = yield* FakeCollector.FakeCollector
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "gorax-outage-"))
  const provider = ConfigProvider.fromUnknown({
    TRACING_ENABLED: "true",
    TRACING_ENDPOINT: collector.url,
    TRACING_SPOOL_DIR: path.join(home, "spool"),
    TRACING_BATCH_QUEUE_SIZE: String(queueSize),
    TRACING_BATCH_TIMEOUT: "200"
  })
  // Work before the outage, during it, and after it
  const total = spansPerSecond * (seconds + 2)
  let catchUpMs = NaN
  yield* Effect.gen(function* () {
    yield* work(spansPerSecond, 1)
    yield* collector.stop
    yield* work(spansPerSecond, seconds)
    yield* collector.start
    const back = performance.now()
    yield* work(spansPerSecond, 1)
    yield* Effect.timeoutOption(collector.awaitSpans(total), "30 seconds")
    catchUpMs = Math.round(performance.now() - back)
  }).pipe(
    Effect.provide(Layer.provide(Tracing.layerConfig(), ConfigProvider.layer(provider))),
    Effect.provide(Logger.layer([])),
    Effect.ensuring(Effect.sync(() => fs.rmSync(home, { recursive: true, force: true })))
  )
  const ids = (yield* collector.spans).map(({ spanId }) => spanId)
  const delivered = new Set(ids).size
  const outcome = { ended: total, delivered, lost: total - delivered, duplicated: ids.length - delivered, catchUpMs }
  const ok = outcome.lost === 0 && outcome.duplicated === 0 && catchUpMs <= 5000
  return { bar: "R1", spool: true, seconds, spansPerSecond, ...outcome, ok }
})
