import * as Schema from "effect/Schema"

/** A value of the baggage does not fit the schema of its entry. Names the entry, never the value: it may be anybody's. */
export class BaggageError extends Schema.TaggedError<BaggageError>()("BaggageError", {
  /** `Unreadable`: what arrived does not fit. `Unwritable`: what was to be set does not. */
  reason: Schema.Literals(["Unreadable", "Unwritable"]),
  entry: Schema.String
}) {
  override get message(): string {
    return this.reason === "Unreadable"
      ? `The baggage that arrived has a "${this.entry}" that its schema does not read. Agree on its values with whoever sends it.`
      : `The baggage entry "${this.entry}" cannot be set to a value that its schema does not write.`
  }
}
