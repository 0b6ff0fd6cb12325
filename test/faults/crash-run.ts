/**
 * A program that makes spans until something happens to it, and notes the id of each after it has ended; beside them
 * some that are open when it ends, whose ids it notes with a name.
 *
 * `crash-run.ts <file of ids> <spans a second> <ending>`. The note is written with one call, so it survives whatever
 * follows. Without spans it only waits: it delivers what others have left.
 */
import { NodeRuntime } from "@effect/platform-node"
import { TracingLive } from "@gorax/tracing"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"

const [file, rate, ending = "never"] = process.argv.slice(2)
const spans = Number(rate)
const notes = fs.openSync(file!, "a")

const one = Effect.currentSpan.pipe(
  Effect.map((span) => span.spanId),
  Effect.withSpan("work", { attributes: { tenant_id: "acme", note: "x".repeat(100) } }),
  Effect.map((id) => void fs.writeSync(notes, `${id}\n`))
)

const every = 5
const burst = Effect.forEach(Array.from({ length: (spans * every) / 1000 }), () => one, { discard: true })
const bursts = (count: number) =>
  Effect.forEach(Array.from({ length: count }), () => Effect.andThen(burst, Effect.sleep(every)), { discard: true })

const noteOpen = (name: string) =>
  Effect.map(Effect.currentSpan, ({ spanId }) => void fs.writeSync(notes, `${spanId} ${name}\n`))

const never = (name: string) => noteOpen(name).pipe(Effect.andThen(Effect.never), Effect.withSpan(name))
const startImmediately = { startImmediately: true }

const endings: Readonly<Record<string, Effect.Effect<unknown, unknown>>> = {
  return: Effect.void,
  fail: Effect.fail("declined"),
  die: Effect.die(new Error("broken")),
  uncaught: Effect.callback(
    () =>
      void setTimeout(() => {
        throw new Error("nobody catches this")
      })
  ),
  rejection: Effect.callback(() => void Promise.reject(new Error("nobody handles this"))),
  exit: Effect.sync(() => process.exit(3)),
  wait: Effect.never
}

const ended = noteOpen("around").pipe(
  Effect.andThen(Effect.forkChild(never("child"), startImmediately)),
  Effect.andThen(Effect.forkDetach(never("detached"), startImmediately)),
  Effect.andThen(Effect.forkScoped(never("scoped"), startImmediately)),
  Effect.andThen(Effect.sync(() => console.log("done"))),
  Effect.andThen(endings[ending] ?? Effect.void),
  Effect.scoped,
  Effect.withSpan("around")
)

const work =
  spans === 0 ? Effect.never : ending === "never" ? Effect.forever(bursts(100)) : Effect.andThen(bursts(20), ended)

const program = Effect.sync(() => console.log("working")).pipe(Effect.andThen(work))

NodeRuntime.runMain(program.pipe(Effect.provide(process.env.TRACING_ENABLED === "true" ? TracingLive : Layer.empty)))
