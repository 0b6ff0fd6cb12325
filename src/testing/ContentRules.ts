/**
 * Rules about what a span says: times, names, kinds, errors, secrets.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { isSensitive, mask, redactText } from "../model/SensitiveKeys.ts"
import * as SpanCatalogue from "../model/SpanCatalogue.ts"
import type { SpanData } from "../model/SpanData.ts"
import { serviceOf } from "../model/SpanService.ts"
import { isInterrupted } from "./SpanLabel.ts"
import { ofEach, type SpanRule } from "./SpanRule.ts"

/** Times follow one another. Those of different processes are not compared, as one of their clocks may be wrong. */
export const timesInOrder: SpanRule = ofEach(
  "times in order",
  "A span ends no sooner than it begins, and neither its events nor its children come before it.",
  (span, evidence) => {
    if (span.endTime < span.startTime) return "it ended before it began"
    const early = span.events.find(({ time }) => time < span.startTime)
    if (early !== undefined) return `its event "${early.name}" came before it began`
    const parent = evidence.parentOf(span)
    return parent !== undefined && !span.parentIsRemote && span.startTime < parent.startTime
      ? `it began before "${parent.name}" above it`
      : undefined
  }
)

const messagingKinds: Readonly<Record<string, string>> = {
  send: "producer",
  create: "producer",
  process: "consumer"
}

const kindOf = (span: SpanData): string | undefined => {
  const operation = span.attributes.get(AttributeKeys.messagingOperationType)
  if (typeof operation === "string") return messagingKinds[operation]
  if (span.attributes.has(AttributeKeys.httpRequestMethod)) {
    if (span.attributes.has(AttributeKeys.urlFull)) return "client"
    if (span.attributes.has(AttributeKeys.urlPath)) return "server"
  }
  return Object.hasOwn(SpanCatalogue.spans, span.name) ? SpanCatalogue.spans[span.name]!.kind : undefined
}

export const rightKind: SpanRule = ofEach(
  "right kind",
  "Spans of the platform, of HTTP and of queues have the kind that their name or attributes ask for.",
  (span) => {
    const kind = kindOf(span)
    return kind === undefined || kind === span.kind ? undefined : `its kind is ${span.kind}, and should be ${kind}`
  }
)

const distinct = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|\b[0-9a-f]{16,}\b|\b\d{4,}\b|\?\S*=|[\w.+-]+@[\w-]+\.\w/i

export const fewNames: SpanRule = ofEach(
  "few names",
  "Names hold no ids, queries or addresses: what is different each time is an attribute.",
  (span) => {
    const found = distinct.exec(span.name)
    return found === null ? undefined : `its name holds "${found[0]}", so there will be as many names as spans`
  }
)

export const errorTypes: SpanRule = ofEach("error types", "A span that failed says in `error.type` how.", (span) =>
  span.statusCode === "error" && !span.attributes.has(AttributeKeys.errorType)
    ? "it failed and has no error.type"
    : undefined
)

export const interruptionIsNoError: SpanRule = ofEach(
  "interruption is no error",
  "A span that was interrupted, and no more, has not failed.",
  (span) =>
    isInterrupted(span) && span.statusCode === "error" ? "it was interrupted, and is marked as failed" : undefined
)

const exceptionOf = (span: SpanData): string | undefined => {
  const event = span.events.find(({ name }) => name === "exception")
  const stack = event?.attributes[AttributeKeys.exceptionStacktrace]
  return typeof stack === "string" && stack !== "" ? stack : undefined
}

export const failureToldOnce: SpanRule = ofEach(
  "failure told once",
  "The stack of an error is told by the innermost span that saw it, and by no other.",
  (span, evidence) => {
    const stack = exceptionOf(span)
    if (stack === undefined) return undefined
    for (const above of evidence.above(span)) {
      if (exceptionOf(above) === stack) return `"${above.name}" above it tells the same stack again`
    }
    return undefined
  }
)

export const namedService: SpanRule = ofEach("named service", "Every process says who it is.", (span) =>
  serviceOf(span).startsWith("unknown_service") ? "its process has no service.name" : undefined
)

/** What looks for secrets reads no further at once. */
const inspected = 4096

const looksSecret = (text: string): boolean => {
  for (let at = 0; at < text.length; at += inspected / 2) {
    const part = text.slice(at, at + inspected)
    if (redactText(part, Infinity) !== part) return true
  }
  return false
}

const texts = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string" ? [value] : Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : []

function* saidBy(span: SpanData): Generator<readonly [where: string, key: string, text: string]> {
  yield ["its name", "", span.name]
  yield ["its status message", "", span.statusMessage]
  yield ["its tracestate", "", span.traceState]
  const records: ReadonlyArray<readonly [string, Iterable<readonly [string, unknown]>]> = [
    ["its attribute", span.attributes],
    ...span.events.map((event) => [`its event "${event.name}", attribute`, Object.entries(event.attributes)] as const),
    ...span.links.map((link) => ["a link's attribute", Object.entries(link.attributes)] as const),
    ["its resource's attribute", Object.entries(span.resource.attributes)]
  ]
  for (const event of span.events) yield ["the name of an event", "", event.name]
  for (const [where, record] of records) {
    for (const [key, value] of record) for (const text of texts(value)) yield [`${where} ${key}`, key, text]
  }
}

const namesSecret = (key: string): boolean => isSensitive(key) || isSensitive(key.slice(key.lastIndexOf(".") + 1))

const isMasked = (text: string): boolean => text === "" || text.includes(mask) || /^[*x•]+$/i.test(text)

/**
 * No secrets: neither what looks like one, nor one of these texts. Name those that your test hands to the program;
 * only so are those found that look like nothing.
 */
export const noSecrets = (...secrets: ReadonlyArray<string>): SpanRule =>
  ofEach("no secrets", "No span holds a secret, wherever it might.", (span) => {
    for (const [where, key, text] of saidBy(span)) {
      if (secrets.some((secret) => secret !== "" && text.includes(secret)))
        return `${where} holds a secret of this test`
      if (key !== "" && namesSecret(key) && !isMasked(text)) return `${where} is called like a secret and not masked`
      if (looksSecret(text)) return `${where} holds what looks like a secret`
    }
    return undefined
  })
