/**
 * What a span waits for at its end when it is written to disk first.
 *
 * Each `end` is timed by itself, among others that come in bursts and are
 * delivered meanwhile: what is read is what a program would feel.
 */
import { type SpanExporter, Tracing } from "@gorax/tracing"
import { ConfigProvider, Effect, Exit, Layer, Tracer } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import { setImmediate } from "node:timers/promises"
import * as HotPath from "./HotPath.ts"
import * as Peer from "./Peer.ts"
import * as Step from "./Step.ts"
import * as Timing from "./Timing.ts"

const burst = 100
const warm = 20_000
const measured = Timing.quick ? 30_000 : 100_000

/** What is written of a typical step. */
const recordSize = 330

/** A process that ends is not asked to tidy up. */
const folder = fs.mkdtempSync(`${os.tmpdir()}/gorax-spool-`)
process.on("exit", () => fs.rmSync(folder, { recursive: true, force: true }))

/** Calls that are made one by one, and how long each took, in microseconds. */
const timed = Effect.fnUntraced(function* <E, R>(prepare: Effect.Effect<() => void, E, R>) {
  const took: Array<number> = []
  for (let count = 0; count < warm + measured; count++) {
    const call = yield* prepare
    const before = performance.now()
    call()
    const after = performance.now()
    if (count >= warm) took.push(1000 * (after - before))
    if (count % burst === 0) yield* Effect.promise(() => setImmediate())
  }
  took.sort((a, b) => a - b)
  const mean = took.reduce((sum, value) => sum + value) / measured
  return { mean, median: took[measured >> 1]!, p99: took[Math.floor(0.99 * measured)]! }
})

const { attributes, name } = Step.expected

const step = Effect.gen(function* () {
  const span = yield* Effect.makeSpan(name, { attributes })
  yield* Effect.provideService(Step.body, Tracer.ParentSpan, span)
  const end = yield* Effect.clockWith((clock) => clock.currentTimeNanos)
  return () => span.end(end, Exit.void)
})

/** A typical step through the whole layer, which delivers to somebody who takes everything. */
const ending = (settings: Readonly<Record<string, string>>) => async (): Promise<HotPath.Figures> => {
  let taken = 0
  const exporter: SpanExporter = { export: (spans) => Effect.sync(() => void (taken += spans.length)) }
  const variables = { TRACING_ENABLED: "true", TRACING_EXPORTER: "none", TRACING_SERVICE_NAME: "bench", ...settings }
  const run = await Peer.build(
    Tracing.layerConfig({ exporters: [exporter] }).pipe(
      Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown(variables)))
    )
  )
  const figures = (await run(Effect.withSpan(timed(step), "parent"))) as HotPath.Figures
  if (taken < measured) throw new Error(`${taken} spans were delivered`)
  return figures
}

/** As many bytes as a step's, appended by themselves. */
const append = async (): Promise<HotPath.Figures> => {
  const bytes = Buffer.alloc(recordSize, "x")
  const fd = fs.openSync(`${folder}/plain`, "a")
  return Effect.runPromise(timed(Effect.succeed(() => void fs.writeSync(fd, bytes))))
}

const bar = (ours: "spool" | "encrypted" | "memory", name: string, figure: string) =>
  ({
    bar: "S10",
    name: `${name}, ${figure}`,
    ours,
    peer: "append",
    peerName: "fs.writeSync",
    figure,
    unit: "µs"
  }) as const

export const path = HotPath.make({
  rounds: 3,
  variants: {
    spool: ending({ TRACING_SPOOL_DIR: `${folder}/spool` }),
    encrypted: ending({ TRACING_SPOOL_DIR: `${folder}/spool`, TRACING_SPOOL_KEY: "5a".repeat(32) }),
    memory: ending({}),
    append
  },
  bars: [
    { ...bar("spool", "end of a span", "mean"), compares: "amount", target: 10 },
    { ...bar("spool", "end of a span", "p99"), compares: "amount", target: 25 },
    { ...bar("spool", "end of a span", "median"), compares: "ratio" },
    { ...bar("encrypted", "encrypted", "mean"), compares: "amount" },
    { ...bar("encrypted", "encrypted", "p99"), compares: "amount" },
    { ...bar("memory", "without a spool", "mean"), compares: "amount" }
  ]
})
