/**
 * Spans as the body of an OTLP request, in either encoding.
 *
 * Both are made from what `model/Otlp` says a span is; protobuf is written
 * from the span itself, as it is the path that busy processes take.
 *
 * Total: a span that cannot be read, or whose ids no receiver would accept, is
 * left out and told to the caller. The others of its batch arrive.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/
 */
import * as Result from "effect/Result"
import * as Otlp from "../model/Otlp.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { Resource, Scope, SpanData } from "../model/SpanData.ts"
import { attributes } from "./OtlpEncoderAttributes.ts"
import { buffer } from "./OtlpEncoderBuffer.ts"
import * as OtlpEncoderSpan from "./OtlpEncoderSpan.ts"

/** Told of every span that is left out of a request. */
export type OnUnreadable = (span: SpanData) => void

/** The length of forty spans and more takes three bytes. */
const groupRoom = 3

interface Group {
  readonly resource: Resource
  readonly scopes: Array<{ readonly scope: Scope; readonly spans: Array<SpanData> }>
}

/** By resource, and then by the name and version of the scope, in the order in which they are first seen. */
const groupsOf = (spans: ReadonlyArray<SpanData>): ReadonlyArray<Group> => {
  const groups: Array<Group> = []
  let resource: Resource | undefined
  let scope: Scope | undefined
  let last: Array<SpanData> | undefined
  for (const span of spans) {
    if (last === undefined || span.resource !== resource || span.scope !== scope) {
      resource = span.resource
      scope = span.scope
      last = spansOf(groups, resource, scope)
    }
    last.push(span)
  }
  return groups
}

const spansOf = (groups: Array<Group>, resource: Resource, scope: Scope): Array<SpanData> => {
  let group = groups.find((group) => group.resource === resource)
  if (group === undefined) groups.push((group = { resource, scopes: [] }))
  const { scopes } = group
  let ofScope = scopes.find((known) => known.scope.name === scope.name && known.scope.version === scope.version)
  if (ofScope === undefined) scopes.push((ofScope = { scope, spans: [] }))
  return ofScope.spans
}

const writeScope = (start: number, scope: Scope): number => {
  let at = buffer.open(start, 0x0a, 1)
  at = buffer.text(at, 0x0a, scope.name)
  if (scope.version !== "") at = buffer.text(at, 0x12, scope.version)
  return buffer.close(start + 1, 1, at)
}

const writeResource = (start: number, resource: Resource): number => {
  let at = buffer.open(start, 0x0a, 1)
  at = attributes.record(at, 0x0a, resource.attributes)
  at = buffer.count(at, 0x10, 0)
  return buffer.close(start + 1, 1, at)
}

const writeGroup = (start: number, group: Group): number => {
  let at = writeResource(buffer.open(start, 0x0a, groupRoom), group.resource)
  for (const { scope, spans } of group.scopes) {
    const before = at
    at = writeScope(buffer.open(at, 0x12, groupRoom), scope)
    for (let index = 0; index < spans.length; index++) at = OtlpEncoderSpan.write(at, 0x12, spans[index]!)
    at = buffer.close(before + 1, groupRoom, at)
    attributes.forget()
  }
  return buffer.close(start + 1, groupRoom, at)
}

const toProtobuf = (spans: ReadonlyArray<SpanData>): Uint8Array<ArrayBuffer> => {
  attributes.forget()
  buffer.clear()
  let at = 0
  for (const group of groupsOf(spans)) at = writeGroup(at, group)
  return buffer.copy(at)
}

const utf8 = new TextEncoder()

/** What JSON has no form for: OTLP writes such numbers as text. Half a surrogate pair is no text at all. */
const mended = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value)
    ? String(value)
    : typeof value === "string"
      ? value.toWellFormed()
      : value

const toJson = (spans: ReadonlyArray<SpanData>): Uint8Array<ArrayBuffer> => {
  if (!spans.every(SpanContext.isValid)) throw new TypeError("invalid span id")
  const request = Otlp.fromSpans(spans)
  const text = JSON.stringify(request)
  return utf8.encode(/:null\b|\\ud/.test(text) ? JSON.stringify(request, mended) : text)
}

/** Nothing is tried twice before something has gone wrong, so whole batches pay nothing for it. */
const total =
  (toBytes: (spans: ReadonlyArray<SpanData>) => Uint8Array<ArrayBuffer>) =>
  (spans: ReadonlyArray<SpanData>, onUnreadable?: OnUnreadable): Uint8Array<ArrayBuffer> => {
    const whole = Result.try(() => toBytes(spans))
    if (Result.isSuccess(whole)) return whole.success
    const readable = spans.filter((span) => {
      const alone = Result.isSuccess(Result.try(() => toBytes([span])))
      if (!alone) onUnreadable?.(span)
      return alone
    })
    return Result.getOrElse(
      Result.try(() => toBytes(readable)),
      () => new Uint8Array(0)
    )
  }

/** An `ExportTraceServiceRequest` as protobuf. The bytes are the caller's own. */
export const encode = total(toProtobuf)

/** An `ExportTraceServiceRequest` as JSON. */
export const encodeJson = total(toJson)
