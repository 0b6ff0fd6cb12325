/**
 * Why a request with spans was not taken.
 */
import * as Schema from "effect/Schema"

/** `detail` says what is wrong and where, in words for the sender; it never repeats attribute values. */
export class OtlpError extends Schema.TaggedError<OtlpError>()("OtlpError", {
  reason: Schema.Literals(["Malformed", "TooLarge", "Unsupported"]),
  detail: Schema.String
}) {
  override get message(): string {
    return this.detail
  }
}

export const malformed = (detail: string): OtlpError => new OtlpError({ reason: "Malformed", detail })
export const tooLarge = (detail: string): OtlpError => new OtlpError({ reason: "TooLarge", detail })
export const unsupported = (detail: string): OtlpError => new OtlpError({ reason: "Unsupported", detail })
