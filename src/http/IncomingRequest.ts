/**
 * What a server span says about the request it answers.
 *
 * Everything here comes from outside. Values of sensitive query keys are
 * masked; headers other than the user agent and bodies are never read.
 */
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { Profile } from "../model/References.ts"
import { redactQuery } from "../model/SensitiveKeys.ts"
import * as RequestMethod from "./RequestMethod.ts"

const longestUserAgent = 512
const hostShape = /^(\[[0-9a-fA-F:.]{2,45}\]|[^:/?#@\s]{1,253})(?::([0-9]{1,5}))?$/
const mappedIpv4 = "::ffff:"

/** The attributes of a request, in the profile's keys. Total: what cannot be read is left out. */
export const attributes = (request: HttpServerRequest, profile: Profile): Record<string, unknown> => {
  const { path, query } = targetOf(request.url)
  const scheme = request.protocol ?? (request.originalUrl.startsWith("https:") ? "https" : "http")
  const userAgent = request.headers["user-agent"]?.slice(0, longestUserAgent)
  const written: Record<string, unknown> = RequestMethod.attributes(request.method)
  written[AttributeKeys.urlPath] = path
  if (query !== "") written[AttributeKeys.urlQuery] = query
  written[AttributeKeys.urlScheme] = scheme
  addServer(written, request.headers["host"], scheme)
  if (request.remoteAddress._tag === "Some") {
    const address = request.remoteAddress.value
    const mapped = address.startsWith(mappedIpv4) && address.includes(".")
    written[AttributeKeys.clientAddress] = mapped ? address.slice(mappedIpv4.length) : address
  }
  const version = protocolVersionOf(request.source)
  if (version !== undefined) written[AttributeKeys.networkProtocolVersion] = version
  if (userAgent !== undefined) written[AttributeKeys.userAgentOriginal] = userAgent
  if (profile === "gorax") {
    written[AttributeKeys.oldHttpMethod] = request.method
    written[AttributeKeys.oldHttpTarget] = query === "" ? path : `${path}?${query}`
    if (userAgent !== undefined) written[AttributeKeys.oldHttpUserAgent] = userAgent
  }
  return written
}

const targetOf = (url: string): { readonly path: string; readonly query: string } => {
  const hash = url.indexOf("#")
  const target = hash < 0 ? url : url.slice(0, hash)
  const question = target.indexOf("?")
  return question < 0
    ? { path: target, query: "" }
    : { path: target.slice(0, question), query: redactQuery(target.slice(question + 1)) }
}

/** The host as the client wrote it; without a port, the one its scheme implies. A malformed host is left out. */
const addServer = (written: Record<string, unknown>, host: string | undefined, scheme: string): void => {
  const [, name, port] = host === undefined ? [] : (hostShape.exec(host) ?? [])
  if (name === undefined) return
  written[AttributeKeys.serverAddress] = name.startsWith("[") ? name.slice(1, -1) : name
  written[AttributeKeys.serverPort] = port === undefined ? (scheme === "https" ? 443 : 80) : Number(port)
}

/** Node's requests know their version; `1.1`, and `2` rather than `2.0`. */
const protocolVersionOf = (source: object): string | undefined =>
  "httpVersion" in source && typeof source.httpVersion === "string"
    ? source.httpVersion === "2.0"
      ? "2"
      : source.httpVersion
    : undefined
