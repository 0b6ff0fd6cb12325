/**
 * What went wrong with an export, in our words, and whether it is worth another try.
 *
 * Reads Node's error codes, HTTP statuses and gRPC's, which are below 17. What
 * may be tried again is the table of the OTLP specification, and everything
 * that kept an answer from coming: no listener, a broken connection, a
 * certificate that is not trusted yet.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#failures
 */
import * as SensitiveKeys from "../model/SensitiveKeys.ts"
import { ExportError } from "../model/TracingError.ts"

/** What to do about a status. */
export type Hints = ReadonlyArray<readonly [codes: ReadonlyArray<number>, hint: string]>

/** Where a batch was going, as people are told it. */
export interface To {
  readonly endpoint: string
  /** The setting that says so; `TRACING_ENDPOINT` unless it is another. */
  readonly setting?: string
  /** Come before what is known of OTLP. */
  readonly hints?: Hints
  /** Where its headers come from, where they change: a refusal of those there were may be mended by the next. */
  readonly headersFrom?: string | undefined
}

const longestSaid = 200

/** The destination's words as they may be logged. */
const quoted = (text: string): string => SensitiveKeys.redactText(text, longestSaid)

const listening = (endpoint: string): string =>
  `Does something listen there, and does it expect ${
    endpoint.startsWith("https:") ? "TLS? For plain text write http:// or set TRACING_INSECURE=true" : "plain text"
  }?`

const otlpHints: Hints = [
  [[401, 403, 16, 7], "Are the credentials in TRACING_HEADERS right?"],
  [[404, 405, 12], "Is this the path and protocol of an OTLP receiver?"],
  [[413, 8], "Does it take batches of this size? TRACING_BATCH_SIZE makes them smaller"],
  [[415], "Does it speak another protocol, or not understand TRACING_COMPRESSION?"],
  [[429], "It asks for fewer requests"],
  [[502, 503, 14], "It is not able to take anything just now"]
]

const unauthorized: ReadonlySet<number> = new Set([401, 403, 16, 7])

/** True for a status by which credentials are refused. */
export const isUnauthorized = (code: number): boolean => unauthorized.has(code)

const worthAnotherTry: ReadonlySet<number> = new Set([429, 502, 503, 504, 1, 4, 10, 11, 14, 15])
const resourceExhausted = 8

/** Servers say in their own words that it was this one message, not the number of them. */
const isTooLarge = (code: number, said: string): boolean =>
  code === 413 || (code === resourceExhausted && /larger than|too large|message size/i.test(said))

const reasonOf = (code: number, said: string): ExportError["reason"] => {
  if (isTooLarge(code, said)) return "TooLarge"
  return code === 4 || code === 504 ? "TimedOut" : "Rejected"
}

export interface RefusedOptions extends To {
  /** The HTTP or gRPC status. */
  readonly code: number
  /** The destination's own words. */
  readonly said: string
  readonly retryAfterMillis?: number | undefined
}

/** The destination answered, and did not take the batch. */
export const refused = ({
  code,
  endpoint,
  headersFrom,
  hints = [],
  retryAfterMillis,
  said
}: RefusedOptions): ExportError => {
  const reason = reasonOf(code, said)
  const isGrpc = code < 17
  const status = `${isGrpc ? "gRPC" : "HTTP"} status ${code}`
  const mayBeRenewed = headersFrom !== undefined && isUnauthorized(code)
  const hint = mayBeRenewed
    ? `It waits for other credentials from ${headersFrom}`
    : [...hints, ...otlpHints].find(([codes]) => codes.includes(code))?.[1]
  const asked = retryAfterMillis !== undefined && (code === 429 || code === 503 || isGrpc)
  return new ExportError({
    reason,
    endpoint,
    advice: [said === "" ? status : `${status}: ${quoted(said)}`, hint].filter((part) => part !== undefined).join(". "),
    // A server that is out of something says with RetryInfo that it will not stay so
    retryable:
      reason !== "TooLarge" && (mayBeRenewed || worthAnotherTry.has(code) || (code === resourceExhausted && asked)),
    ...(asked ? { retryAfterMillis } : undefined)
  })
}

const wantsOurs =
  "Does it let in only who shows a certificate? Then set TRACING_CLIENT_CERTIFICATE and TRACING_CLIENT_KEY"

const isCertificate = /^(CERT_|UNABLE_|DEPTH_|SELF_|ERR_TLS_CERT)/

const adviceFor = (code: string, said: string, { endpoint, setting = "TRACING_ENDPOINT" }: To): string => {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `Its certificate is for another host. Does ${setting} name it as its certificate does?`
  }
  if (/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/.test(code))
    return "Is its certificate valid today, and the clock here right?"
  if (/^ERR_SSL_.*_CERTIFICATE/.test(code)) return wantsOurs
  // Those who do not like our certificate mostly just go
  if (endpoint.startsWith("https:") && (code === "ECONNRESET" || code === ""))
    return `${wantsOurs}. ${listening(endpoint)}`
  if (isCertificate.test(code)) return "Is its certificate signed by an authority that TRACING_CERTIFICATE names?"
  if (code.startsWith("HPE_")) return "Its answer is not HTTP/1.1. Does it speak gRPC? Then set TRACING_PROTOCOL=grpc"
  if (code.startsWith("ERR_HTTP2_")) {
    return `Its answer is not HTTP/2. Does it speak OTLP over HTTP? Then set TRACING_PROTOCOL=http/protobuf. ${listening(endpoint)}`
  }
  return /wrong version number/i.test(said)
    ? "It answers in plain text. For that write http:// or set TRACING_INSECURE=true"
    : listening(endpoint)
}

/** No answer came, for a reason that Node knows. */
export const unreachable = (error: unknown, to: To): ExportError => {
  const { code, message } = Object(error) as { readonly code?: unknown; readonly message?: unknown }
  const name = typeof code === "string" ? code : ""
  const said = typeof message === "string" && message !== "" ? message.trim() : name || "the connection broke"
  return new ExportError({
    reason: "Unreachable",
    endpoint: to.endpoint,
    advice: `${quoted(said)}. ${adviceFor(name, said, to)}`,
    retryable: true
  })
}

/** No answer came in time. `setting` is what says how long that is. */
export const timedOut = (after: string, setting: string, { endpoint }: To): ExportError =>
  new ExportError({
    reason: "TimedOut",
    endpoint,
    advice: `No answer within ${after} (${setting}). Is the destination overloaded?`,
    retryable: true
  })

/** It wants the batch somewhere else. Headers may be secrets, so it is not followed there. */
export const redirected = (code: number, location: string | undefined, { endpoint, setting }: To): ExportError =>
  new ExportError({
    reason: "Rejected",
    endpoint,
    advice: `HTTP status ${code}: it redirects${
      location !== undefined && URL.canParse(location, endpoint) ? ` to ${new URL(location, endpoint).origin}` : ""
    }, and redirects are not followed. Set ${setting ?? "TRACING_ENDPOINT"} to where it leads, if that is right`
  })
