/**
 * The folder of a spool may not be used.
 */
import * as Schema from "effect/Schema"

export class SpoolError extends Schema.TaggedError<SpoolError>()("SpoolError", {
  reason: Schema.Literals(["NotUsable", "NotOwned", "OpenToOthers"]),
  directory: Schema.String,
  /** What it must be. Completes the sentence "the folder must be …". */
  rule: Schema.String,
  /** What it is instead. */
  found: Schema.String
}) {
  override get message(): string {
    return `${this.reason}: ${this.directory} must be ${this.rule}; ${this.found}`
  }
}
