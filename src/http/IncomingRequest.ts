/**
 * What a server span says about the request it answers.
 *
 * Everything here comes from outside. Values of sensitive query keys are
 * masked; headers other than the user agent are read only when they were
 * asked for, and bodies never.
 */
import type * as Fiber from "effect/Fiber"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { IncomingMessage } from "node:http"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { HttpRecording } from "../model/HttpRecording.ts"
import { AttributeProfile, type Sender } from "../model/References.ts"
import { redactPath, redactQuery } from "../model/SensitiveKeys.ts"
import * as ForwardedClient from "./ForwardedClient.ts"
import * as RecordedHeaders from "./RecordedHeaders.ts"
import * as RequestMethod from "./RequestMethod.ts"

/** A request as it came in, whoever took it. */
export interface IncomingRequest {
  readonly method: string
  /** The target of the request line. */
  readonly url: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly scheme: "http" | "https"
  readonly peerAddress: string | undefined
  readonly peerPort: number | undefined
  readonly version: string | undefined
}

const longestUserAgent = 512
const hostShape = /^(\[[0-9a-fA-F:.]{2,45}\]|[^:/?#@\s]{1,253})(?::([0-9]{1,5}))?$/
const mappedIpv4 = "::ffff:"

const unmapped = (address: string): string =>
  address.startsWith(mappedIpv4) && address.includes(".") ? address.slice(mappedIpv4.length) : address

/** What Node knows of a request, and other servers may not. */
interface NodeSource {
  readonly httpVersion?: unknown
  readonly socket?: { readonly remotePort?: unknown; readonly encrypted?: unknown } | null
}

/** HTTP/1 has the scheme of its connection. Spelling the whole URL to see it costs more. */
const schemeOf = (request: HttpServerRequest, { httpVersion, socket }: NodeSource): "http" | "https" => {
  const encrypted =
    socket != null && httpVersion !== "2.0" ? socket.encrypted === true : request.originalUrl.startsWith("https:")
  return encrypted ? "https" : "http"
}

/**
 * What Node's server has read already is not read again: Effect makes headers of its own of it when it is asked for
 * them, which most apps never do. Not so where Effect has put something right: an absolute target, a prefix, a proxy.
 */
const asNodeHasIt = ({ protocol, source, url }: HttpServerRequest): IncomingMessage | undefined =>
  "httpVersionMajor" in source &&
  source.httpVersionMajor === 1 &&
  protocol === undefined &&
  "url" in source &&
  source.url === url
    ? (source as IncomingMessage)
    : undefined

export const fromEffect = (request: HttpServerRequest): IncomingRequest => {
  const node = asNodeHasIt(request)
  if (node !== undefined) return fromNode(node)
  const source: NodeSource = request.source
  const port = source.socket?.remotePort
  const { peerAddress } = request
  return {
    method: request.method,
    url: request.url,
    headers: request.headers,
    scheme: request.protocol ?? schemeOf(request, source),
    peerAddress: peerAddress._tag === "Some" ? unmapped(peerAddress.value) : undefined,
    peerPort: typeof port === "number" ? port : undefined,
    version: versionOf(source.httpVersion)
  }
}

export const fromNode = (request: IncomingMessage): IncomingRequest => {
  const headers = request.headers as Record<string, string | undefined>
  const { remoteAddress, remotePort } = request.socket
  return {
    method: (request.method ?? "GET").toUpperCase(),
    url: request.url ?? "/",
    headers: request.httpVersionMajor < 2 ? headers : { ...headers, host: headers[":authority"] ?? headers["host"] },
    scheme: "encrypted" in request.socket && request.socket.encrypted === true ? "https" : "http",
    peerAddress: remoteAddress === undefined ? undefined : unmapped(remoteAddress),
    peerPort: remotePort,
    version: versionOf(request.httpVersion)
  }
}

/** `1.1`, and `2` rather than `2.0`. */
const versionOf = (version: unknown): string | undefined =>
  typeof version === "string" ? (version === "2.0" ? "2" : version) : undefined

/** Who sent it, for deciding whether its context is believed. */
export const senderOf = (request: IncomingRequest): Sender => ({
  address: request.peerAddress,
  header: (name) => {
    const value: unknown = request.headers[name]
    return typeof value === "string" ? value : undefined
  }
})

/** The path without its query, in the form that was sent. */
export const pathOf = (url: string): string => {
  const end = url.search(/[?#]/)
  const target = end < 0 ? url : url.slice(0, end)
  if (target.startsWith("/")) return target
  // The absolute form, which proxies are sent
  const path = target.indexOf("/", target.indexOf("://") + 3)
  return target.includes("://") ? (path < 0 ? "/" : target.slice(path)) : target
}

const queryOf = (url: string): string => {
  const hash = url.indexOf("#")
  const target = hash < 0 ? url : url.slice(0, hash)
  const question = target.indexOf("?")
  return question < 0 ? "" : redactQuery(target.slice(question + 1))
}

/** The attributes of a request, in the profile's keys. Total: what cannot be read is left out. */
export const attributes = (request: IncomingRequest, fiber: Fiber.Fiber<unknown, unknown>): Record<string, unknown> => {
  const recording = fiber.getRef(HttpRecording)
  const { headers, method, peerAddress, peerPort, version } = request
  const path = redactPath(pathOf(request.url))
  const query = queryOf(request.url)
  const userAgent = headers["user-agent"]?.slice(0, longestUserAgent)
  const forwarded =
    recording.trustsProxy !== undefined && peerAddress !== undefined && recording.trustsProxy(peerAddress)
      ? ForwardedClient.from(headers, recording.trustsProxy)
      : undefined
  const scheme = forwarded?.scheme ?? request.scheme
  const clientAddress = forwarded?.address ?? peerAddress
  const written: Record<string, unknown> = RequestMethod.attributes(method)
  written[AttributeKeys.urlPath] = path
  if (query !== "") written[AttributeKeys.urlQuery] = query
  written[AttributeKeys.urlScheme] = scheme
  addServer(written, forwarded?.host ?? headers["host"], scheme)
  if (clientAddress !== undefined) written[AttributeKeys.clientAddress] = clientAddress
  if (peerAddress !== undefined) written[AttributeKeys.networkPeerAddress] = peerAddress
  if (peerPort !== undefined) written[AttributeKeys.networkPeerPort] = peerPort
  if (version !== undefined) written[AttributeKeys.networkProtocolVersion] = version
  if (userAgent !== undefined) written[AttributeKeys.userAgentOriginal] = userAgent
  if (fiber.getRef(AttributeProfile) === "gorax") {
    written[AttributeKeys.oldHttpMethod] = method
    written[AttributeKeys.oldHttpTarget] = query === "" ? path : `${path}?${query}`
    if (userAgent !== undefined) written[AttributeKeys.oldHttpUserAgent] = userAgent
  }
  if (recording.bodySizes) {
    written[AttributeKeys.httpRequestBodySize] = RecordedHeaders.sizeFrom(headers["content-length"])
  }
  if (recording.requestHeaders.length > 0) {
    const set = (key: string, value: unknown) => (written[key] = value)
    RecordedHeaders.write(set, AttributeKeys.httpRequestHeader, recording.requestHeaders, headers, fiber)
  }
  return written
}

interface Server {
  readonly address?: string
  readonly port?: number
}

const serverOf = (host: string): Server => {
  const [, name, port] = hostShape.exec(host) ?? []
  if (name === undefined) return {}
  const address = name.startsWith("[") ? name.slice(1, -1) : name
  return port === undefined ? { address } : { address, port: Number(port) }
}

/** A server is mostly asked for by one name. */
let last: Server & { readonly host: string } = { host: "" }

/** The host as the client wrote it; without a port, the one its scheme implies. A malformed host is left out. */
const addServer = (written: Record<string, unknown>, host: string | undefined, scheme: string): void => {
  if (host === undefined) return
  if (host !== last.host) last = { host, ...serverOf(host) }
  if (last.address === undefined) return
  written[AttributeKeys.serverAddress] = last.address
  written[AttributeKeys.serverPort] = last.port ?? (scheme === "https" ? 443 : 80)
}
