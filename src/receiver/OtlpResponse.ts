/**
 * What an OTLP receiver answers: always in the encoding it was asked in.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { OtlpEncoding } from "./OtlpBody.ts"
import type { OtlpError } from "./OtlpError.ts"
import type { Received } from "./ReceivedSpan.ts"

const contentTypes = { json: "application/json", protobuf: "application/x-protobuf" } as const

const answer = (status: number, encoding: OtlpEncoding, json: object, protobuf: Uint8Array) =>
  HttpServerResponse.uint8Array(encoding === "json" ? new TextEncoder().encode(JSON.stringify(json)) : protobuf, {
    status,
    contentType: contentTypes[encoding]
  })

const varint = (value: number): ReadonlyArray<number> =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(Math.floor(value / 0x80))]

const varintField = (field: number, value: number): ReadonlyArray<number> => [field << 3, ...varint(value)]

const bytesField = (field: number, bytes: Uint8Array): Uint8Array =>
  Uint8Array.from([(field << 3) | 2, ...varint(bytes.length), ...bytes])

const textField = (field: number, text: string): Uint8Array => bytesField(field, new TextEncoder().encode(text))

/** An empty `ExportTraceServiceResponse`, with `partialSuccess` when spans were refused. */
export const accepted = (
  encoding: OtlpEncoding,
  { refusal, refused }: Received
): HttpServerResponse.HttpServerResponse =>
  refused === 0
    ? answer(200, encoding, {}, new Uint8Array())
    : answer(
        200,
        encoding,
        { partialSuccess: { rejectedSpans: String(refused), errorMessage: refusal } },
        bytesField(1, Uint8Array.from([...varintField(1, refused), ...textField(2, refusal)]))
      )

/** A `google.rpc.Status` with its code and message. */
export const refused = (
  encoding: OtlpEncoding,
  status: number,
  code: number,
  message: string
): HttpServerResponse.HttpServerResponse =>
  answer(status, encoding, { code, message }, Uint8Array.from([...varintField(1, code), ...textField(2, message)]))

/** HTTP status and `google.rpc.Code` of each reason. */
const statuses = {
  Malformed: [400, 3],
  TooLarge: [413, 8],
  Unsupported: [415, 3]
} as const

export const fromError = (encoding: OtlpEncoding, error: OtlpError): HttpServerResponse.HttpServerResponse => {
  const [status, code] = statuses[error.reason]
  return refused(encoding, status, code, error.detail)
}
