/**
 * Where OTLP goes: what an operator writes, read once and completely.
 *
 * `localhost:4317`, `http://collector:4318`, `https://host/base` and
 * `tempo.example:443` all name a place, a protocol and whether the way there
 * is encrypted. Credentials are taken out at once, so that nothing that is
 * shown or logged can hold them.
 *
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

export const protocols = ["grpc", "http/protobuf", "http/json"] as const

export type OtlpProtocol = (typeof protocols)[number]

export interface OtlpEndpoint {
  readonly protocol: OtlpProtocol
  /** Over http the complete URL of the request, over gRPC scheme, host and port. Its query may be a secret. */
  readonly url: Redacted.Redacted
  /** False when the way there is encrypted. */
  readonly insecure: boolean
  /** The URL without credentials and query: for people, logs and errors. */
  readonly display: string
  /** The user and password of the URL, as the value of an `authorization` header. */
  readonly authorization: Redacted.Redacted | undefined
}

export interface OtlpEndpointOptions {
  /** Overrides what scheme and port say. */
  readonly protocol?: OtlpProtocol | undefined
  /** For an endpoint without a scheme: true is plain text, false is TLS. A scheme decides for itself. */
  readonly insecure?: boolean | undefined
  /** Takes the path of an http URL as it is, instead of completing it with `/v1/traces`. */
  readonly exact?: boolean | undefined
  /** What an http URL is completed with; `/v1/traces` by default. */
  readonly path?: string | undefined
}

const form = "host:port, or a URL that starts with http:// or https://"
const withoutPath = "host:port without a path, as the protocol is grpc (a path needs http/protobuf or http/json)"
const tracesPath = "/v1/traces"
const loopback = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/

interface Parts {
  readonly scheme: string | undefined
  readonly port: number | undefined
  readonly url: URL
}

/** URL drops a port that is its scheme's own, so the port is read from the text. */
const partsOf = (text: string): Parts | undefined => {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]
  const rest = scheme === undefined ? text : text.slice(scheme.length + 3)
  const written = `${scheme ?? "http"}://${rest}`
  if (scheme !== undefined && !/^https?$/i.test(scheme)) return undefined
  if (/^[/?#]/.test(rest) || !URL.canParse(written)) return undefined
  const port = /:(\d+)$/.exec(rest.split(/[/?#]/)[0]!)?.[1]
  return Number(port) === 0 && port !== undefined
    ? undefined
    : { scheme: scheme?.toLowerCase(), port: port === undefined ? undefined : Number(port), url: new URL(written) }
}

const inferred = ({ port, scheme }: Parts): OtlpProtocol =>
  port === 4317 || (scheme === undefined && port !== 4318) ? "grpc" : "http/protobuf"

/** The protocol that scheme and port speak of; `undefined` when the text is no endpoint. */
export const protocolOf = (text: string): OtlpProtocol | undefined => {
  const parts = partsOf(text)
  return parts && inferred(parts)
}

const decoded = (text: string): string =>
  Result.getOrElse(
    Result.try(() => decodeURIComponent(text)),
    () => text
  )

const basic = (url: URL): Redacted.Redacted | undefined =>
  url.username === "" && url.password === ""
    ? undefined
    : Redacted.make(`Basic ${Buffer.from(`${decoded(url.username)}:${decoded(url.password)}`).toString("base64")}`)

const completed = (path: string, end: string): string => {
  const base = path.replace(/\/+$/, "")
  return base.endsWith(end) ? base : base + end
}

/** Reads an endpoint. Total; a failure is the rule that was broken: "must be …". */
export const fromText = (text: string, options: OtlpEndpointOptions = {}): Result.Result<OtlpEndpoint, string> => {
  const parts = partsOf(text)
  if (parts === undefined) return Result.fail(form)
  const { scheme, url } = parts
  const protocol = options.protocol ?? inferred(parts)
  const insecure =
    scheme === undefined ? (options.insecure ?? (parts.port !== 443 && loopback.test(url.hostname))) : scheme === "http"
  const port = parts.port ?? (scheme !== undefined ? undefined : protocol === "grpc" ? 4317 : 4318)
  const origin = `${insecure ? "http" : "https"}://${url.hostname}${port === undefined ? "" : `:${port}`}`
  if (protocol === "grpc" && (url.pathname !== "/" || url.search !== "")) return Result.fail(withoutPath)
  const display =
    protocol === "grpc"
      ? origin
      : origin + (options.exact ? url.pathname : completed(url.pathname, options.path ?? tracesPath))
  return Result.succeed({
    protocol,
    url: Redacted.make(protocol === "grpc" ? origin : display + url.search, { label: display }),
    insecure,
    display,
    authorization: basic(url)
  })
}
