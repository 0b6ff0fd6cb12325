/**
 * The body of an export request, in either of its two encodings.
 */
import * as Result from "effect/Result"
import { malformed, OtlpError } from "./OtlpError.ts"
import * as OtlpProtobuf from "./OtlpProtobuf.ts"
import { ProtobufReader } from "./ProtobufReader.ts"
import * as ReceivedLog from "./ReceivedLog.ts"
import * as ReceivedSpan from "./ReceivedSpan.ts"

export type OtlpEncoding = "json" | "protobuf"

/** How much one request may hold. */
export interface OtlpLimits {
  /** Bytes, as they arrive and again after inflating. */
  readonly maxBodyBytes: number
  /** Spans, or log records. */
  readonly maxSpans: number
}

/** 8 MiB and 20 000 spans or log records: fifteen times what the batches of an SDK usually hold. */
export const defaultLimits: OtlpLimits = { maxBodyBytes: 8 * 1024 * 1024, maxSpans: 20_000 }

/** A protobuf message of two bytes becomes an object of a hundred, hence a limit of its own. */
const maxMessages = 1_000_000

/** The encoding that a `Content-Type` announces, `undefined` for any other type. */
export const encodingOf = (contentType: string | undefined): OtlpEncoding | undefined => {
  switch (contentType?.split(";")[0]!.trim().toLowerCase()) {
    case "application/json":
      return "json"
    case "application/x-protobuf":
    case "application/protobuf":
      return "protobuf"
    default:
      return undefined
  }
}

const parseJson = (body: Uint8Array): unknown => {
  const parsed = Result.try((): unknown => JSON.parse(new TextDecoder().decode(body)))
  if (Result.isFailure(parsed)) throw malformed("the body is not JSON")
  return parsed.success
}

const total = <A>(read: () => A): Result.Result<A, OtlpError> =>
  Result.try({
    try: read,
    catch: (error) => (error instanceof OtlpError ? error : malformed("the body cannot be read"))
  })

/** Reads a body with spans. Total: any bytes give spans or an `OtlpError`, in time linear in their number. */
export const decode = (
  body: Uint8Array,
  encoding: OtlpEncoding,
  limits: OtlpLimits = defaultLimits
): Result.Result<ReceivedSpan.Received, OtlpError> =>
  total(() => {
    const request = encoding === "json" ? parseJson(body) : OtlpProtobuf.read(ProtobufReader.make(body, maxMessages))
    return ReceivedSpan.fromRequest(request, limits.maxSpans)
  })

/** Reads a body with log records, as `decode` reads one with spans. */
export const decodeLogs = (
  body: Uint8Array,
  encoding: OtlpEncoding,
  limits: OtlpLimits = defaultLimits
): Result.Result<ReceivedLog.ReceivedLogs, OtlpError> =>
  total(() => {
    const request =
      encoding === "json" ? parseJson(body) : OtlpProtobuf.readLogs(ProtobufReader.make(body, maxMessages))
    return ReceivedLog.fromRequest(request, limits.maxSpans)
  })

/** What a file may hold. */
export interface ReceivedBoth {
  readonly spans: ReceivedSpan.Received
  readonly logs: ReceivedLog.ReceivedLogs
}

/** Reads JSON that may hold spans, log records or both. */
export const decodeBoth = (body: Uint8Array, limits: OtlpLimits): Result.Result<ReceivedBoth, OtlpError> =>
  total(() => {
    const request = parseJson(body)
    return {
      spans: ReceivedSpan.fromRequest(request, limits.maxSpans),
      logs: ReceivedLog.fromRequest(request, limits.maxSpans)
    }
  })
