/**
 * The ways tracing itself can fail. None of them ever fails a traced program.
 */
import * as Schema from "effect/Schema"

/** A batch did not reach its destination. */
export class ExportError extends Schema.TaggedError<ExportError>()("ExportError", {
  /** `TooLarge` asks for smaller batches. */
  reason: Schema.Literals(["Unreachable", "Rejected", "TimedOut", "TooLarge"]),
  /** Where it was going, without credentials. */
  endpoint: Schema.String,
  /** What to do next. */
  advice: Schema.String,
  /** True when the same batch may be taken later. */
  retryable: Schema.optionalKey(Schema.Boolean),
  /** How long the destination asks to be left alone. */
  retryAfterMillis: Schema.optionalKey(Schema.Number)
}) {
  override get message(): string {
    return `${this.reason}: ${this.endpoint}. ${this.advice}`
  }
}
