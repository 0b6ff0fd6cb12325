/**
 * A span as Zipkin's API v2 knows it, by OpenTelemetry's mapping.
 *
 * Zipkin has no links; they travel as tags, in the Collector's notation. Its
 * `shared` is never set: a span here has one process that tells of it.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk_exporters/zipkin/
 * @see https://zipkin.io/zipkin-api/
 */
import type * as Tracer from "effect/Tracer"
import * as Net from "node:net"
import type { Attributes, AttributeValue } from "../model/Attributes.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { SpanData, SpanEvent, SpanLink } from "../model/SpanData.ts"
import * as Footnotes from "./Footnotes.ts"

export interface ZipkinEndpoint {
  readonly serviceName?: string
  readonly ipv4?: string
  readonly ipv6?: string
  readonly port?: number
}

export interface ZipkinSpan {
  readonly traceId: string
  readonly id: string
  readonly parentId?: string
  readonly name: string
  readonly kind?: "CLIENT" | "SERVER" | "PRODUCER" | "CONSUMER"
  /** Microseconds since the Unix epoch. */
  readonly timestamp?: number
  /** Microseconds, at least one: zero means unknown to Zipkin. */
  readonly duration: number
  readonly localEndpoint: ZipkinEndpoint
  readonly remoteEndpoint?: ZipkinEndpoint
  readonly annotations?: ReadonlyArray<{ readonly timestamp: number; readonly value: string }>
  readonly tags?: Readonly<Record<string, string>>
}

const kinds: Readonly<Record<Tracer.SpanKind, ZipkinSpan["kind"]>> = {
  internal: undefined,
  server: "SERVER",
  client: "CLIENT",
  producer: "PRODUCER",
  consumer: "CONSUMER"
}

/** What names the other side, the best first: a key, and for addresses the key of the port. */
const remotes: ReadonlyArray<readonly [key: string, portKey?: string]> = [
  ["peer.service"],
  ["server.address"],
  ["net.peer.name"],
  ["network.peer.address", "network.peer.port"],
  ["server.socket.domain"],
  ["server.socket.address", "server.socket.port"],
  ["net.sock.peer.name"],
  ["net.sock.peer.addr", "net.sock.peer.port"],
  ["peer.hostname"],
  ["peer.address"],
  ["db.name"]
]

const portOf = (value: AttributeValue | undefined): Pick<ZipkinEndpoint, "port"> => {
  const port = Number(value)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? { port } : {}
}

/** Only who calls says whom; Zipkin draws its map of services from it. */
const remoteEndpoint = ({ attributes, kind }: SpanData): ZipkinEndpoint | undefined => {
  if (kind !== "client" && kind !== "producer") return undefined
  const found = remotes.find(([key]) => (attributes.get(key) ?? "") !== "")
  if (found === undefined) return undefined
  const [key, portKey] = found
  const name = String(attributes.get(key))
  if (portKey === undefined) return { serviceName: name }
  const port = portOf(attributes.get(portKey))
  const family = Net.isIP(name)
  return family === 4
    ? { ipv4: name, ...port }
    : family === 6
      ? { ipv6: name, ...port }
      : { serviceName: name, ...port }
}

const tag = (value: AttributeValue): string => (typeof value === "object" ? Footnotes.listText(value) : String(value))

const linkTag = ({ attributes, span }: SpanLink): string => {
  const { spanId, traceId, traceState } = SpanContext.fromSpan(span)
  return `${traceId}|${spanId}|${traceState}|${JSON.stringify(attributes)}|0`
}

/** Any span with a tag `error` has failed to Zipkin, whatever it says. */
const deniesError = (value: AttributeValue | undefined): boolean => value === false || value === "false"

const tagsOf = (span: SpanData): Record<string, string> => {
  const tags = new Map<string, string>()
  for (const [key, value] of Footnotes.processTags(span.resource)) tags.set(key, tag(value))
  for (const [key, value] of span.attributes) tags.set(key, tag(value))
  for (const [key, value] of Footnotes.of(span)) tags.set(key, tag(value))
  for (const [index, link] of span.links.entries()) tags.set(`otlp.link.${index}`, linkTag(link))
  if (span.statusCode === "error") tags.set("error", span.statusMessage)
  else if (deniesError(span.attributes.get("error"))) tags.delete("error")
  return Object.fromEntries(tags)
}

/** `"payment.declined": {"reason":"no funds"}` */
const annotationText = ({ attributes, droppedAttributes, name }: SpanEvent): string => {
  const all: Attributes =
    droppedAttributes === 0 ? attributes : { ...attributes, [Footnotes.droppedAttributesKey]: droppedAttributes }
  return Object.keys(all).length === 0 ? name : `${JSON.stringify(name)}: ${JSON.stringify(all)}`
}

/** Throws where the span itself does, and for ids that Zipkin would refuse. What is absent is left out. */
export const fromSpan = (span: SpanData): ZipkinSpan => {
  if (!SpanContext.isValid(span)) throw new TypeError("invalid span id")
  const kind = kinds[span.kind]
  const remote = remoteEndpoint(span)
  const timestamp = Footnotes.micros(span.startTime)
  const tags = tagsOf(span)
  return {
    traceId: span.traceId,
    id: span.spanId,
    ...(span.parentSpanId === undefined ? undefined : { parentId: span.parentSpanId }),
    name: span.name,
    ...(kind && { kind }),
    ...(timestamp > 0 ? { timestamp } : undefined),
    duration: Math.max(1, Footnotes.micros(span.endTime - span.startTime)),
    localEndpoint: { serviceName: Footnotes.serviceNameOf(span.resource) },
    ...(remote && { remoteEndpoint: remote }),
    ...(span.events.length === 0
      ? undefined
      : {
          annotations: span.events.map((event) => ({
            timestamp: Footnotes.micros(event.time),
            value: annotationText(event)
          }))
        }),
    ...(Object.keys(tags).length === 0 ? undefined : { tags })
  }
}

/** The span as JSON. Half a surrogate pair, which JSON would write as an escape, is no text to many who read it. */
export const toJson = (span: SpanData): string =>
  JSON.stringify(fromSpan(span)).replace(/\\(?:u(d[89a-f][0-9a-f]{2})|.)/g, (escape, lone: string | undefined) =>
    lone === undefined ? escape : "\\ufffd"
  )
