/**
 * How long a destination asks to be left alone: `Retry-After` over HTTP, `RetryInfo` over gRPC.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
import * as ProtobufFields from "./ProtobufFields.ts"

/** Seconds, or a date of HTTP; as milliseconds from `now`. `undefined` when it is neither, or no time to wait for. */
export const fromHeader = (text: string | undefined, now: number): number | undefined => {
  if (text === undefined) return undefined
  const millis = /^\s*\d{1,9}\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now
  return millis > 0 ? millis : undefined
}

const retryInfo = "type.googleapis.com/google.rpc.RetryInfo"

/** From `grpc-status-details-bin`: a `google.rpc.Status` whose details hold a `RetryInfo`, in base64. */
export const fromStatusDetails = (base64: string | undefined): number | undefined => {
  if (base64 === undefined) return undefined
  for (const detail of ProtobufFields.bytesOf(Buffer.from(base64, "base64"), 3)) {
    if (ProtobufFields.textOf(detail, 1) !== retryInfo) continue
    const [delay = new Uint8Array()] = ProtobufFields.bytesOf(detail, 2).flatMap((info) =>
      ProtobufFields.bytesOf(info, 1)
    )
    const millis = ProtobufFields.numberOf(delay, 1) * 1000 + ProtobufFields.numberOf(delay, 2) / 1e6
    // RetryInfo without a delay still says that another try is welcome
    return Math.max(0, millis)
  }
  return undefined
}
