/**
 * Everything that is wrong with the settings, said at once.
 */
import * as Config from "effect/Config"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

export interface TracingConfigProblem {
  /** The variable as it was written. */
  readonly key: string
  /** Completes the sentence "the variable must be …". */
  readonly rule: string
  /** What it holds; never a secret. */
  readonly value: string
}

/** Fails the layer at start. A `ConfigError` like any other, which also lists its problems one by one. */
export class TracingConfigError extends Config.ConfigError {
  override readonly name = "TracingConfigError"
  readonly problems: ReadonlyArray<TracingConfigProblem>

  constructor(problems: ReadonlyArray<TracingConfigProblem>) {
    const keys = [...new Set(problems.map(({ key }) => key))].join(", ")
    super(new Schema.SchemaError(new SchemaIssue.InvalidValue({ message: `not usable: ${keys}` })))
    this.problems = problems
  }

  override get message(): string {
    const lines = this.problems.map(({ key, rule, value }) => `  ${key} must be ${rule}; it is ${value}`)
    const count = lines.length === 1 ? "One setting of tracing is" : `${lines.length} settings of tracing are`
    return [`${count} not usable:`, ...lines].join("\n")
  }

  override toString(): string {
    return `${this.name}: ${this.message}`
  }
}
