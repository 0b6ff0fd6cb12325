/**
 * What the terminal can show, and how a process ends that has said all there is to say.
 */
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"

/** Node itself heeds `NO_COLOR`. */
export const options = Effect.sync(() => ({
  colour: process.stdout.isTTY && process.stdout.hasColors(),
  width: Math.min(process.stdout.columns ?? 120, 120)
}))

/** The answer is not a good one. It has been said; the exit code says it again. */
export class BadNews extends Schema.TaggedError<BadNews>()("BadNews", {}) {
  override readonly [Runtime.errorExitCode] = 2
  /** Nobody else need say anything. */
  override readonly [Runtime.errorReported] = false
}
