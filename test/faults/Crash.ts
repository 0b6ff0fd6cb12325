/**
 * Processes that end in every way there is, a spool that outlives them, and what has arrived when all is over.
 */
import { FakeCollector } from "@gorax/tracing/testing"
import { Deferred, Effect, Random, type Scope, Stream } from "effect"
import { ChildProcess, type ChildProcessSpawner } from "effect/process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

const crashRun = fileURLToPath(new URL("crash-run.ts", import.meta.url))

export type Needs = FakeCollector.FakeCollector | ChildProcessSpawner.ChildProcessSpawner
type Collector = FakeCollector.FakeCollector["Service"]

/** A folder with a spool and the ids of all spans that ended. */
const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-crash-"))),
  (name) => Effect.sync(() => fs.rmSync(name, { recursive: true, force: true }))
)

const environment = (collector: Collector, spool: string) => ({
  TRACING_ENABLED: "true",
  TRACING_ENDPOINT: collector.url,
  TRACING_SPOOL_DIR: spool,
  TRACING_BATCH_TIMEOUT: "50",
  TRACING_RETRY_DELAY: "100",
  TRACING_RETRY_MAX_DELAY: "500"
})

/** Starts the program; `said` waits for one of its lines. */
const started = Effect.fnUntraced(function* (
  notes: string,
  rate: number,
  ending: string,
  env: Readonly<Record<string, string>>
) {
  const lines = new Map([
    ["working", yield* Deferred.make<void>()],
    ["done", yield* Deferred.make<void>()]
  ])
  const child = yield* ChildProcess.make(
    process.execPath,
    ["--conditions=@gorax/source", "--disable-warning=ExperimentalWarning", crashRun, notes, String(rate), ending],
    { env, extendEnv: true }
  )
  yield* child.all.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.runForEach((line) => {
      const said = lines.get(line)
      return said === undefined ? Effect.void : Deferred.succeed(said, undefined)
    }),
    Effect.forkScoped
  )
  return { child, said: (line: "working" | "done") => Deferred.await(lines.get(line)!) }
})

const notedIn = (notes: string): ReadonlyArray<string> =>
  fs.existsSync(notes)
    ? fs
        .readFileSync(notes, "utf8")
        .split("\n")
        .filter((id) => id.length === 16)
    : []

const filesIn = (spool: string): number =>
  fs.existsSync(spool)
    ? fs.readdirSync(spool, { recursive: true, encoding: "utf8" }).filter((name) => /\.(spans|acks)$/.test(name)).length
    : 0

/** What came of spans that ended. */
interface Outcome {
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
const recovered = Effect.fnUntraced(function* (collector: Collector, notes: string, spool: string) {
  const ended = new Set(notedIn(notes))
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

export interface KillsRow extends Outcome {
  readonly bar: "R4"
  readonly kills: number
  readonly spansPerSecond: number
  /** Files that were still there when all was over. */
  readonly files: number
  readonly ok: boolean
}

const spansPerSecond = 5000

/** While this one is killed, nobody listens: its spans wait for one that comes later. */
const hasCollector = (kill: number): boolean => kill % 3 !== 2

/** Kills one process after the other, each at some moment in its first half second of work, and delivers what is left. */
export const kills = Effect.fnUntraced(function* (
  count: number
): Effect.fn.Return<KillsRow, unknown, Needs | Scope.Scope> {
  const collector = yield* FakeCollector.FakeCollector
  const home = yield* folder
  const notes = path.join(home, "ids")
  const spool = path.join(home, "spool")
  // Shares the folder all the while, and finds what is left as well
  yield* started(notes, 0, "never", environment(collector, spool))
  for (let kill = 0; kill < count; kill++) {
    if (!hasCollector(kill)) yield* collector.stop
    const moment = yield* Random.nextBetween(0, 500)
    yield* Effect.scoped(
      Effect.gen(function* () {
        const { child, said } = yield* started(notes, spansPerSecond, "never", environment(collector, spool))
        yield* said("working")
        yield* Effect.sleep(moment)
        yield* child.kill({ killSignal: "SIGKILL" })
        yield* Effect.exit(child.exitCode)
      })
    )
    if (!hasCollector(kill)) yield* collector.start
  }
  const outcome = yield* recovered(collector, notes, spool)
  const files = filesIn(spool)
  const ok = outcome.ended > 100 * count && outcome.lost === 0 && files === 0
  return { bar: "R4", kills: count, spansPerSecond, ...outcome, files, ok }
}, Effect.scoped)

/** How a process may end, by itself or because it is told to. */
export const endings = [
  "return",
  "fail",
  "die",
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
  "uncaught",
  "rejection",
  "exit"
] as const

export const collectors = {
  ok: () => Effect.void,
  slow: (collector) => collector.respondWith(FakeCollector.slow("1 second"), { times: Infinity }),
  hang: (collector) => collector.respondWith(FakeCollector.hang, { times: Infinity }),
  down: (collector) => collector.stop
} satisfies Readonly<Record<string, (collector: Collector) => Effect.Effect<void>>>

export interface EndingRow extends Outcome {
  readonly bar: "R5"
  readonly ending: string
  readonly collector: string
  /** How it exited, and how the same program does without tracing. */
  readonly exit: string
  readonly bareExit: string
  readonly ok: boolean
}

/** Its exit code, or the signal that ended it. */
const exitOf = Effect.fnUntraced(function* (
  notes: string,
  ending: (typeof endings)[number],
  env: Readonly<Record<string, string>>
) {
  const isSignal = ending.startsWith("SIG")
  const { child, said } = yield* started(notes, 500, isSignal ? "wait" : ending, env)
  if (isSignal) {
    yield* said("done")
    yield* child.kill({ killSignal: ending as "SIGTERM" })
  }
  return yield* Effect.match(child.exitCode, {
    onSuccess: String,
    onFailure: ({ cause, message }) => /SIG[A-Z]+/.exec(String(cause))?.[0] ?? message
  })
}, Effect.scoped)

/** Ends one process one way, and delivers what is left when the collector is well again. */
export const ended = Effect.fnUntraced(function* (
  ending: (typeof endings)[number],
  state: keyof typeof collectors
): Effect.fn.Return<EndingRow, unknown, Needs | Scope.Scope> {
  const collector = yield* FakeCollector.FakeCollector
  const home = yield* folder
  const notes = path.join(home, "ids")
  const spool = path.join(home, "spool")
  const bareExit = yield* exitOf(path.join(home, "bare"), ending, {})
  yield* collectors[state](collector)
  const exit = yield* exitOf(notes, ending, environment(collector, spool))
  yield* state === "down" ? collector.start : collector.recover
  const outcome = yield* recovered(collector, notes, spool)
  const ok = outcome.ended > 0 && outcome.lost === 0 && exit === bareExit
  return { bar: "R5", ending, collector: state, exit, bareExit, ...outcome, ok }
}, Effect.scoped)
