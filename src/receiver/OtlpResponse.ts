/**
 * What an OTLP receiver answers: always in the encoding it was asked in.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type { OtlpEncoding } from "./OtlpBody.ts"
import type { Refusal } from "./OtlpEnvelope.ts"
import type { OtlpError } from "./OtlpError.ts"
import { bytesField, message, textField, varintField } from "./ProtobufBytes.ts"

const contentTypes = { json: "application/json", protobuf: "application/x-protobuf" } as const

const answer = (status: number, encoding: OtlpEncoding, json: object, protobuf: Uint8Array) =>
  HttpServerResponse.uint8Array(encoding === "json" ? new TextEncoder().encode(JSON.stringify(json)) : protobuf, {
    status,
    contentType: contentTypes[encoding]
  })

/** An `ExportTraceServiceResponse` in protobuf, or that of logs: they are alike. */
export const toProtobuf = ({ refusal, refused }: Refusal): Uint8Array =>
  refused === 0 ? new Uint8Array() : bytesField(1, message(varintField(1, refused), textField(2, refusal)))

/** What JSON calls the number of those that were refused. */
export type Rejected = "rejectedSpans" | "rejectedLogRecords"

/** An empty response to an export, with `partialSuccess` when something was refused. */
export const accepted = (
  encoding: OtlpEncoding,
  { refusal, refused }: Refusal,
  rejected: Rejected = "rejectedSpans"
): HttpServerResponse.HttpServerResponse =>
  refused === 0
    ? answer(200, encoding, {}, new Uint8Array())
    : answer(
        200,
        encoding,
        { partialSuccess: { [rejected]: String(refused), errorMessage: refusal } },
        toProtobuf({ refusal, refused })
      )

/** A `google.rpc.Status` with its code and message. */
export const refused = (
  encoding: OtlpEncoding,
  status: number,
  code: number,
  text: string
): HttpServerResponse.HttpServerResponse =>
  answer(status, encoding, { code, message: text }, message(varintField(1, code), textField(2, text)))

/** HTTP status and `google.rpc.Code` of each reason. */
export const statuses = {
  Malformed: [400, 3],
  TooLarge: [413, 8],
  Unsupported: [415, 3]
} as const

export const fromError = (encoding: OtlpEncoding, error: OtlpError): HttpServerResponse.HttpServerResponse => {
  const [status, code] = statuses[error.reason]
  return refused(encoding, status, code, error.detail)
}
