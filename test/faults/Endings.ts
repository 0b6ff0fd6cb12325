/**
 * Bars R5 and R7: a process ends in every way there is, with spans that had ended and spans that are open, and both are
 * there after the next start.
 */
import { FakeCollector } from "@gorax/tracing/testing"
import type { SpanData } from "@gorax/tracing"
import { Effect, Option, type Scope } from "effect"
import * as path from "node:path"
import * as CrashRun from "./CrashRun.ts"

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

export type Ending = (typeof endings)[number]

export const collectors = {
  ok: () => Effect.void,
  slow: (collector) => collector.respondWith(FakeCollector.slow("1 second"), { times: Infinity }),
  hang: (collector) => collector.respondWith(FakeCollector.hang, { times: Infinity }),
  down: (collector) => collector.stop
} satisfies Readonly<Record<string, (collector: CrashRun.Collector) => Effect.Effect<void>>>

interface Row {
  readonly ending: string
  readonly collector: string
  readonly ok: boolean
}

/** What came of the spans that had ended, and of the process. */
export interface EndedRow extends Row, CrashRun.Outcome {
  readonly bar: "R5"
  /** How it exited, and how the same program does without tracing. */
  readonly exit: string
  readonly bareExit: string
}

/** What came of the spans that were open. */
export interface OpenRow extends Row {
  readonly bar: "R7"
  readonly open: number
  readonly lost: number
  /** How each of them is marked. */
  readonly marks: Readonly<Record<string, string>>
}

/** In fibers of every kind, and one around all of it, which ends as the program does. */
const open = ["around", "child", "detached", "scoped"]

/** What the process dies of, or else how the span around everything ends; the others are interrupted. */
const expected: Readonly<Partial<Record<Ending, { readonly all?: string; readonly around: string }>>> = {
  return: { around: "ok" },
  fail: { around: "failed: declined" },
  die: { around: "failed: broken" },
  uncaught: { all: "failed: nobody catches this", around: "failed: nobody catches this" },
  rejection: { all: "failed: nobody handles this", around: "failed: nobody handles this" }
}

const markOf = ({ attributes, statusCode, statusMessage }: SpanData): string =>
  statusCode === "error"
    ? `failed: ${statusMessage}`
    : attributes.get("effect.fiber.interrupted") === true
      ? "interrupted"
      : "ok"

const isExpected = (ending: Ending, marks: Readonly<Record<string, string>>): boolean => {
  const { all = "interrupted", around = "interrupted" } = expected[ending] ?? {}
  return open.every((name) => marks[name] === (name === "around" ? around : all))
}

/** Its exit code, or the signal that ended it. */
const exitOf = ({ child }: CrashRun.Started) =>
  Effect.match(child.exitCode, {
    onSuccess: String,
    onFailure: ({ cause, message }) => /SIG[A-Z]+/.exec(String(cause))?.[0] ?? message
  })

/** Brings a process to its end, and comes to how it exited. */
type Bring = (
  notes: string,
  env: Readonly<Record<string, string>>
) => Effect.Effect<string, unknown, CrashRun.Needs | Scope.Scope>

const bring = (ending: Ending): Bring =>
  Effect.fnUntraced(function* (notes, env) {
    const isSignal = ending.startsWith("SIG")
    const process = yield* CrashRun.started(notes, 500, isSignal ? "wait" : ending, env)
    if (isSignal) {
      yield* process.said("done")
      yield* process.signal(ending as "SIGTERM")
    }
    return yield* exitOf(process)
  })

/** Runs the program without tracing and with it, and then one that delivers what is left, the collector being well again. */
const rows = Effect.fnUntraced(function* (
  row: { readonly ending: string; readonly collector: keyof typeof collectors },
  bring: Bring,
  isMarked: (marks: Readonly<Record<string, string>>) => boolean
) {
  const collector = yield* FakeCollector.FakeCollector
  const home = yield* CrashRun.folder
  const [notes, spool] = [path.join(home, "ids"), path.join(home, "spool")]
  const bareExit = yield* Effect.scoped(bring(path.join(home, "bare"), {}))
  yield* collectors[row.collector](collector)
  const exit = yield* Effect.scoped(bring(notes, CrashRun.environment(collector, spool)))
  yield* Effect.andThen(collector.start, collector.recover)
  const outcome = yield* CrashRun.recovered(collector, notes, spool)
  const named = CrashRun.notedIn(notes)
  const told = (yield* collector.spans).filter(({ spanId }) => named.get(spanId))
  const marks = Object.fromEntries(told.map((span) => [named.get(span.spanId)!, markOf(span)]))
  const lost = open.filter((name) => !(name in marks)).length
  const isOver = outcome.ended > open.length && outcome.lost === 0 && exit === bareExit
  return [
    { bar: "R5", ...row, exit, bareExit, ...outcome, ok: isOver },
    { bar: "R7", ...row, open: open.length, lost, marks, ok: lost === 0 && isMarked(marks) }
  ] satisfies ReadonlyArray<EndedRow | OpenRow>
}, Effect.scoped)

export type Rows = Effect.Effect<ReadonlyArray<EndedRow | OpenRow>, unknown, CrashRun.Needs>

/** Ends one process one way. */
export const ended = (ending: Ending, collector: keyof typeof collectors): Rows =>
  rows({ ending, collector }, bring(ending), (marks) => isExpected(ending, marks))

const allInterrupted = (marks: Readonly<Record<string, string>>): boolean => isExpected("SIGTERM", marks)

/** Longer than an ending takes. */
const patience = "5 seconds"

/**
 * One that was started to outlive a hangup, as by `nohup`. Node undoes that before the program begins, so it ends all the
 * same; what matters is that it does as it would without tracing.
 */
export const hangupIgnored: Rows = rows(
  { ending: "SIGHUP, ignored by whoever started it", collector: "ok" },
  Effect.fnUntraced(function* (notes, env) {
    const process = yield* CrashRun.started(notes, 500, "wait", env, "ignores hangups")
    yield* process.said("done")
    yield* process.signal("SIGHUP")
    const exit = yield* Effect.timeoutOption(exitOf(process), patience)
    if (Option.isSome(exit)) return exit.value
    yield* process.signal("SIGTERM")
    return yield* exitOf(process)
  }),
  allInterrupted
)

/** No longer than this from the second signal; without it, the first waits for a collector that hangs 2.5 seconds. */
const atOnce = 1000

/**
 * One that is told twice to stop while a collector hangs: the second time it waits for nobody. It is told until it has
 * heard, as nobody outside sees when the first time has come to be heard.
 */
export const stoppedTwice = (signal: "SIGTERM" | "SIGINT"): Rows =>
  rows(
    { ending: `${signal}, twice`, collector: "hang" },
    Effect.fnUntraced(function* (notes, env) {
      const process = yield* CrashRun.started(notes, 500, "wait", env)
      yield* process.said("done")
      yield* process.signal(signal)
      if (env["TRACING_SPOOL_DIR"] === undefined) return yield* exitOf(process)
      const first = performance.now()
      const again = Effect.forever(Effect.andThen(Effect.sleep("50 millis"), Effect.exit(process.signal(signal))))
      const exit = yield* Effect.raceFirst(exitOf(process), again)
      const took = performance.now() - first
      return took < atOnce ? exit : `${exit} after ${Math.round(took)} ms`
    }),
    allInterrupted
  )

/** One that hangs up twice while what it has is being delivered: the second time it waits for nobody. */
export const hangupTwice: Rows = rows(
  { ending: "SIGHUP, twice", collector: "hang" },
  Effect.fnUntraced(function* (notes, env) {
    const process = yield* CrashRun.started(notes, 500, "wait", env)
    yield* process.said("done")
    const spool = env["TRACING_SPOOL_DIR"]
    const before = spool === undefined ? 0 : CrashRun.bytesIn(spool)
    yield* process.signal("SIGHUP")
    if (spool === undefined) return yield* exitOf(process)
    // What is open is written down while the first is heard
    yield* Effect.repeat(Effect.sleep("5 millis"), { until: () => CrashRun.bytesIn(spool) > before })
    const second = performance.now()
    yield* process.signal("SIGHUP")
    const exit = yield* exitOf(process)
    const took = performance.now() - second
    return took < atOnce ? exit : `${exit} after ${Math.round(took)} ms`
  }),
  allInterrupted
)
