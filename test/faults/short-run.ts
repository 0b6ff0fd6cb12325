/**
 * A program that makes a span and ends. Its layer is closed by `runMain`, by `runPromise`, or (`forgetful`) by nobody.
 */
import { NodeRuntime } from "@effect/platform-node"
import { TracingLive } from "@gorax/tracing"
import { Effect, ManagedRuntime } from "effect"

const work = Effect.sync(() => console.log("working")).pipe(Effect.withSpan("work"))
const done = Effect.sync(() => console.log("done"))
const program = Effect.andThen(work, done)

switch (process.argv[2]) {
  case "runMain":
    NodeRuntime.runMain(program.pipe(Effect.provide(TracingLive)))
    break
  case "runPromise":
    await Effect.runPromise(program.pipe(Effect.provide(TracingLive)))
    break
  case "forgetful":
    // Long enough for an export to be under way
    await ManagedRuntime.make(TracingLive).runPromise(
      work.pipe(Effect.andThen(Effect.sleep(300)), Effect.andThen(done))
    )
    break
}
