/**
 * A server that spans are sent to, as the settings name it.
 */
import * as Redacted from "effect/Redacted"
import type { OtlpSettings, OtlpTls } from "../../export/OtlpTransport.ts"
import type { Setup } from "./Setup.ts"

export interface Destination {
  readonly name: "otlp" | "otlp-sdk" | "zipkin" | "jaeger"
  /** The variable that says where it is, or would. */
  readonly setting: string
  /** The variable that holds its credentials, or would. */
  readonly credentials: string
  readonly isGrpc: boolean
  readonly isTls: boolean
  /** As it was written: `https://` of a text without a scheme is our own conclusion. */
  readonly hasScheme: boolean
  /** Complete, with what may be a secret. */
  readonly url: URL
  readonly host: string
  readonly port: number
  /** For people. */
  readonly display: string
  readonly settings: OtlpSettings
  readonly tls: OtlpTls
}

const bare = (host: string): string => host.replace(/^\[(.*)\]$/, "$1")

const settingOf = {
  otlp: "endpoint",
  "otlp-sdk": "endpoint",
  zipkin: "zipkinEndpoint",
  jaeger: "jaegerEndpoint"
} as const

const fallbackKey = {
  endpoint: "TRACING_ENDPOINT",
  zipkinEndpoint: "TRACING_ZIPKIN_ENDPOINT",
  jaegerEndpoint: "TRACING_JAEGER_ENDPOINT"
}

const make = ({ settings, texts }: Setup, name: Destination["name"], tls: OtlpTls): Destination => {
  const to = settings[name === "otlp-sdk" ? "otlp" : name]
  const source = settings.sources[settingOf[name]]
  const url = new URL(Redacted.value(to.endpoint.url))
  const isOtlp = name === "otlp" || name === "otlp-sdk"
  const headers =
    settings.headersFile === undefined ? (settings.sources.headers ?? "TRACING_HEADERS") : "TRACING_HEADERS_FILE"
  return {
    name,
    setting: source ?? fallbackKey[settingOf[name]],
    credentials: isOtlp ? headers : (source ?? fallbackKey[settingOf[name]]),
    isGrpc: to.endpoint.protocol === "grpc",
    isTls: url.protocol === "https:",
    hasScheme: source === undefined || /^[a-z][a-z0-9+.-]*:\/\//i.test(texts[source]?.trim() ?? ""),
    url,
    host: bare(url.hostname),
    port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
    display: to.endpoint.display,
    settings: to,
    tls
  }
}

/** The servers among the exporters; an agent that is sent packets answers nothing, and is none of them. */
export const all = (setup: Setup, tls: OtlpTls): ReadonlyArray<Destination> =>
  setup.settings.exporters
    .filter((name) => name === "otlp" || name === "otlp-sdk" || name === "zipkin" || name === "jaeger")
    .filter((name) => name !== "jaeger" || setup.settings.jaegerAgent === undefined)
    .map((name) => make(setup, name, tls))
