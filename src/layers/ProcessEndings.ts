/**
 * Endings of a process that close no layer: `process.exit`, an uncaught exception, a hangup.
 *
 * Whatever happens synchronously still happens then: open spans are ended and
 * pushed, which keeps them where they are written down as they end. Nothing
 * here changes how the process ends, or when: it listens to what only tells
 * (`exit`, `uncaughtExceptionMonitor`), and hangs up again what it has caught.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { OpenSpans } from "../tracer/OpenSpans.ts"
import * as SpanClock from "../tracer/SpanClock.ts"

export interface ProcessEndingsOptions {
  readonly openSpans: OpenSpans
  /** Called when they have ended: hands on what the way to the exporters still holds. */
  readonly settle: () => void
  /** Delivers what waits, for as long as an ending may take. */
  readonly flush: Effect.Effect<unknown>
}

/** What one layer does when the process ends. */
interface Ending {
  /** Ends what is open, and hands it on: as interrupted, or by the error that the process dies of. */
  readonly end: (exit: Exit.Exit<never, unknown>) => void
  readonly flush: Effect.Effect<unknown>
}

const endings = new Set<Ending>()
const interrupted = Exit.interrupt()

const endAll = (exit: Exit.Exit<never, unknown>): void => {
  for (const ending of endings) ending.end(exit)
}

const onExit = (): void => endAll(interrupted)

/** The process is about to die of it, unless somebody listens who will not let it. */
const onUncaught = (error: unknown): void => {
  if (process.listenerCount("uncaughtException") === 0) endAll(Exit.die(error))
}

let hangingUp = false

const hangUp = (): void => {
  process.removeListener("SIGHUP", onHangup)
  process.kill(process.pid, "SIGHUP")
}

const onHangup = (): void => {
  // Whoever else listens decides what a hangup means, and may mean to go on
  if (process.listenerCount("SIGHUP") > 1) return
  if (hangingUp) return hangUp()
  hangingUp = true
  endAll(interrupted)
  const flushes = Effect.forEach([...endings], ({ flush }) => flush, { concurrency: "unbounded", discard: true })
  Effect.runFork(Effect.ensuring(flushes, Effect.sync(hangUp)))
}

const listen = (): void => {
  process.on("exit", onExit)
  process.on("uncaughtExceptionMonitor", onUncaught)
  // Not even `nohup` makes Node ignore it, so it is always an ending
  process.on("SIGHUP", onHangup)
}

const silence = (): void => {
  process.removeListener("exit", onExit)
  process.removeListener("uncaughtExceptionMonitor", onUncaught)
  process.removeListener("SIGHUP", onHangup)
}

/** Watches for them for the life of a scope. One set of listeners serves all layers of a process. */
export const watch = ({ flush, openSpans, settle }: ProcessEndingsOptions): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    const end = (exit: Exit.Exit<never, unknown>): void => {
      openSpans.endAll(SpanClock.read(clock), exit)
      settle()
    }
    const ending: Ending = { end, flush }
    return Effect.acquireRelease(
      Effect.sync(() => {
        if (endings.size === 0) listen()
        endings.add(ending)
      }),
      () =>
        Effect.sync(() => {
          endings.delete(ending)
          if (endings.size === 0) silence()
        })
    )
  })
