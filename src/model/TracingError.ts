/**
 * The ways tracing itself can fail. None of them ever fails a traced program.
 */
import * as Schema from "effect/Schema"

/** A batch did not reach its destination. */
export class ExportError extends Schema.TaggedError<ExportError>()("ExportError", {
  reason: Schema.Literals(["Unreachable", "Rejected", "TimedOut"]),
  /** Where it was going, without credentials. */
  endpoint: Schema.String,
  /** What to do next. */
  advice: Schema.String
}) {
  override get message(): string {
    return `${this.reason}: ${this.endpoint}. ${this.advice}`
  }
}

/** An exporter needs a package that is not installed. */
export class MissingPackageError extends Schema.TaggedError<MissingPackageError>()("MissingPackageError", {
  packageName: Schema.String,
  advice: Schema.String
}) {
  override get message(): string {
    return `${this.packageName} is not installed. ${this.advice}`
  }
}
