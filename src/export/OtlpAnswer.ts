/**
 * What an OTLP receiver says in the body of its answer.
 *
 * Total: an answer that cannot be read says nothing.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
 */
import * as Result from "effect/Result"
import * as SensitiveKeys from "../model/SensitiveKeys.ts"
import type { LeftOut } from "../model/SpanExporter.ts"
import * as ProtobufFields from "./ProtobufFields.ts"

/** No more of an answer is read: it has nothing longer to say. */
export const largest = 64 * 1024

const longestMessage = 200

const json = (body: Uint8Array): Readonly<Record<string, unknown>> =>
  Object(
    Result.getOrElse(
      Result.try((): unknown => JSON.parse(new TextDecoder().decode(body))),
      () => undefined
    )
  )

const leftOut = (rejected: number, message: string): LeftOut | undefined =>
  Number.isSafeInteger(rejected) && rejected > 0
    ? { rejected, unreadable: 0, message: SensitiveKeys.redactText(message, longestMessage) }
    : undefined

/** The spans that an `ExportTraceServiceResponse` in protobuf says were refused. */
export const fromProtobuf = (body: Uint8Array): LeftOut | undefined => {
  const partial = ProtobufFields.bytesOf(body, 1).at(-1)
  return partial && leftOut(ProtobufFields.numberOf(partial, 1), ProtobufFields.textOf(partial, 2))
}

/** The same, in whatever the answer says it is. */
export const fromBody = (contentType: string, body: Uint8Array): LeftOut | undefined => {
  if (contentType.includes("protobuf")) return fromProtobuf(body)
  if (!contentType.includes("json")) return undefined
  const { errorMessage, rejectedSpans } = Object(json(body)["partialSuccess"]) as Readonly<Record<string, unknown>>
  return leftOut(Number(rejectedSpans), typeof errorMessage === "string" ? errorMessage : "")
}

/** Why a request was refused: the message of a `google.rpc.Status`, or a text. A page for people says nothing. */
export const messageOf = (contentType: string, body: Uint8Array): string => {
  if (contentType.includes("protobuf")) return ProtobufFields.textOf(body, 2)
  if (contentType.includes("html")) return ""
  const { message } = contentType.includes("json") ? json(body) : {}
  return (typeof message === "string" ? message : new TextDecoder().decode(body)).slice(0, 1000).trim()
}
