/**
 * A process that has a spool and comes to its end, and one that delivers what it has left.
 */
import { FakeCollector } from "@gorax/tracing/testing"
import { Deferred, Effect, Stream } from "effect"
import { ChildProcess, type ChildProcessSpawner } from "effect/process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const crashRun = fileURLToPath(new URL("crash-run.ts", import.meta.url))

export type Needs = FakeCollector.FakeCollector | ChildProcessSpawner.ChildProcessSpawner
export type Collector = FakeCollector.FakeCollector["Service"]

/** A folder with a spool and the ids of all spans that ended. */
export const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-crash-"))),
  (name) => Effect.sync(() => fs.rmSync(name, { recursive: true, force: true }))
)

export const environment = (collector: Collector, spool: string) => ({
  TRACING_ENABLED: "true",
  TRACING_ENDPOINT: collector.url,
  TRACING_SPOOL_DIR: spool,
  TRACING_BATCH_TIMEOUT: "50",
  TRACING_RETRY_DELAY: "100",
  TRACING_RETRY_MAX_DELAY: "500"
})

const words = ["working", "done"] as const

/** Starts the program, in a shell that ignores hangups if it is to; `said` waits for one of its lines. */
export const started = Effect.fnUntraced(function* (
  notes: string,
  rate: number,
  ending: string,
  env: Readonly<Record<string, string>>,
  shell?: "ignores hangups"
) {
  const lines = new Map<string, Deferred.Deferred<void>>()
  for (const word of words) lines.set(word, yield* Deferred.make<void>())
  const command = [
    process.execPath,
    "--conditions=@gorax/source",
    "--disable-warning=ExperimentalWarning",
    crashRun,
    notes,
    String(rate),
    ending
  ]
  const [first = "", ...others] =
    shell === undefined ? command : ["/bin/sh", "-c", `trap '' HUP; exec "$@"`, "sh", ...command]
  const child = yield* ChildProcess.make(first, others, { env, extendEnv: true })
  yield* child.all.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => {
      const said = lines.get(line)
      return said === undefined ? Effect.void : Deferred.succeed(said, undefined)
    }),
    Effect.forkScoped
  )
  return {
    child,
    /** Sends it a signal, and waits for nothing. */
    signal: (signal: NodeJS.Signals) => Effect.sync(() => void process.kill(child.pid, signal)),
    said: (line: (typeof words)[number]) => Deferred.await(lines.get(line)!)
  }
})

export type Started = Effect.Success<ReturnType<typeof started>>

/** Spans by their ids: those that had ended, without a name, and those that were open when the process ended. */
export const notedIn = (notes: string): ReadonlyMap<string, string> => {
  const lines = fs.existsSync(notes) ? fs.readFileSync(notes, "utf8").split("\n") : []
  return new Map(lines.filter((line) => line.length >= 16).map((line) => [line.slice(0, 16), line.slice(17)]))
}

const filesOf = (spool: string): ReadonlyArray<string> =>
  fs.existsSync(spool)
    ? fs.readdirSync(spool, { recursive: true, encoding: "utf8" }).filter((name) => /\.(spans|acks)$/.test(name))
    : []

export const filesIn = (spool: string): number => filesOf(spool).length

/** How much has been written of spans. */
export const bytesIn = (spool: string): number =>
  filesOf(spool).reduce(
    (sum, name) => sum + (fs.statSync(path.join(spool, name), { throwIfNoEntry: false })?.size ?? 0),
    0
  )

/** What came of spans that ended, or were ended by the end of their process. */
export interface Outcome {
  readonly ended: number
  readonly delivered: number
  readonly lost: number
  readonly duplicated: number
}

/** How many of them did not arrive. */
const missing = (ended: ReadonlySet<string>, arrived: ReadonlySet<string>): number => {
  let count = 0
  for (const id of ended) if (!arrived.has(id)) count++
  return count
}

/** Longer than all that a process that recovers may have to wait for. */
const patience = 15_000

/** Runs a process that delivers what others left, until all that ended has arrived or nothing more does. */
export const recovered = Effect.fnUntraced(function* (collector: Collector, notes: string, spool: string) {
  const ended = new Set(notedIn(notes).keys())
  const { child, said } = yield* started(notes, 0, "never", environment(collector, spool))
  yield* said("working")
  let seen = -1
  let quietSince = performance.now()
  const isOver = Effect.map(collector.spans, (spans) => {
    if (spans.length !== seen) quietSince = performance.now()
    seen = spans.length
    const arrived = new Set(spans.map(({ spanId }) => spanId))
    const isEverything = missing(ended, arrived) === 0 && filesIn(spool) === 0
    return isEverything || performance.now() - quietSince > patience
  })
  yield* Effect.repeat(Effect.andThen(Effect.sleep("50 millis"), isOver), { until: (over) => over })
  yield* child.kill({ killSignal: "SIGTERM" })
  yield* child.exitCode
  const ids = (yield* collector.spans).map(({ spanId }) => spanId)
  const arrived = new Set(ids)
  return {
    ended: ended.size,
    delivered: arrived.size,
    lost: missing(ended, arrived),
    duplicated: ids.length - arrived.size
  } satisfies Outcome
}, Effect.scoped)
