/**
 * What stands around the spans in an OTLP request: whose they are, and by which scope they were made.
 *
 * Byte for byte what OpenTelemetry's own serializer writes: by resource, and
 * then by the name and version of the scope, in the order in which they are
 * first seen.
 *
 * @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
 */
import type { Resource, Scope } from "../model/SpanData.ts"
import { attributes } from "./OtlpEncoderAttributes.ts"
import { buffer } from "./OtlpEncoderBuffer.ts"
import type { OtlpSpansRun } from "./OtlpSpans.ts"

type Bytes = Uint8Array<ArrayBuffer>

/** Equal ones are the same object. */
export interface OtlpEnvelope {
  readonly resource: Bytes
  readonly scope: Bytes
}

const writeResource = (start: number, resource: Resource): number => {
  let at = buffer.open(start, 0x0a, 1)
  at = attributes.record(at, 0x0a, resource.attributes)
  at = buffer.count(at, 0x10, 0)
  return buffer.close(start + 1, 1, at)
}

const writeScope = (start: number, scope: Scope): number => {
  let at = buffer.open(start, 0x0a, 1)
  at = buffer.text(at, 0x0a, scope.name)
  if (scope.version !== "") at = buffer.text(at, 0x12, scope.version)
  return buffer.close(start + 1, 1, at)
}

const written = <A>(write: (start: number, of: A) => number, free: number, of: A): Bytes => {
  const end = write(free, of)
  return new Uint8Array(buffer.bytes.subarray(free, end))
}

/** A process has one resource, and it never changes. */
const resources = new WeakMap<Resource, Bytes>()
/** Tracers of one name and version are one scope, however many there are. */
const scopes = new Map<string, Bytes>()
const mostScopes = 1024

const resourceBytes = (resource: Resource, free: number): Bytes => {
  const bytes = resources.get(resource) ?? written(writeResource, free, resource)
  resources.set(resource, bytes)
  return bytes
}

const scopeBytes = (scope: Scope, free: number): Bytes => {
  const key = `${scope.name}\n${scope.version}`
  const known = scopes.get(key)
  if (known !== undefined) return known
  if (scopes.size >= mostScopes) scopes.clear()
  const bytes = written(writeScope, free, scope)
  scopes.set(key, bytes)
  return bytes
}

/** May write to the one buffer, from a place on that is free. */
export const of = (resource: Resource, scope: Scope, free: number): OtlpEnvelope => ({
  resource: resourceBytes(resource, free),
  scope: scopeBytes(scope, free)
})

/** A message that begins with another and goes on with a list. */
interface Message {
  readonly head: Bytes
  readonly list: ReadonlyArray<Message | Uint8Array>
  readonly length: number
}

const tagOfList = { resourceSpans: 0x0a, scopeSpans: 0x12 }

/** How many bytes a length takes. */
const sizeOf = (length: number): number => {
  let size = 1
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) size++
  return size
}

const total = (head: Bytes, list: ReadonlyArray<Message | Uint8Array>): Message => {
  let length = head.length
  for (const item of list) length += item instanceof Uint8Array ? item.length : 1 + sizeOf(item.length) + item.length
  return { head, list, length }
}

const nothing: Bytes = new Uint8Array(0)

/** By resource, and then by scope. Nearly always there is one of each. */
const messagesOf = (runs: ReadonlyArray<OtlpSpansRun>): Message =>
  total(
    nothing,
    Array.from(
      Map.groupBy(runs, ({ resource }) => resource),
      ([resource, ofResource]) =>
        total(
          resource,
          Array.from(
            Map.groupBy(ofResource, ({ scope }) => scope),
            ([scope, ofScope]) =>
              total(
                scope,
                ofScope.map(({ bytes }) => bytes)
              )
          )
        )
    )
  )

const writeList = (into: Bytes, start: number, tag: number, { list }: Message): number => {
  let at = start
  for (const item of list) {
    if (item instanceof Uint8Array) {
      into.set(item, at)
      at += item.length
      continue
    }
    into[at++] = tag
    let rest = item.length
    for (; rest > 0x7f; rest >>>= 7) into[at++] = (rest & 0x7f) | 0x80
    into[at++] = rest
    into.set(item.head, at)
    at = writeList(into, at + item.head.length, tagOfList.scopeSpans, item)
  }
  return at
}

/** An `ExportTraceServiceRequest` with these spans in it, in bytes of its own. */
export const wrap = (runs: ReadonlyArray<OtlpSpansRun>): Bytes => {
  const request = messagesOf(runs)
  const body = Buffer.allocUnsafeSlow(request.length)
  writeList(body, 0, tagOfList.resourceSpans, request)
  return body
}
