/**
 * Removes secrets from all that leaves the process.
 *
 * One policy for what a span says: its name, its attributes with their keys,
 * events, links, status, exceptions and their stacks, URLs, trace state and
 * resource; and, for whoever asks, for log lines and baggage. What stands under
 * the name of a secret goes, whatever it looks like, and what looks like one
 * goes wherever it stands, also in base64, behind percent signs and in JSON
 * within JSON. It protects without configuration, and when it fails it masks.
 *
 * A span that holds nothing of the kind goes on as the object it was, and costs
 * about a tenth of a microsecond; one that does goes on as another one, while
 * the program still reads what it wrote.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Attributes from "../model/Attributes.ts"
import type { Baggage, BaggageEntry } from "../model/Propagator.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { Resource, SpanData } from "../model/SpanData.ts"
import type { Stage } from "../model/SpanSink.ts"
import { CleanSpans } from "./CleanSpans.ts"
import { type OnMasked, RedactedText } from "./RedactedText.ts"
import * as RedactedSpan from "./RedactedSpan.ts"
import * as Policy from "./RedactionPolicy.ts"

export { hide } from "../model/Sensitive.ts"
export type { RedactionOptions, RedactionRule } from "./RedactionPolicy.ts"

/** Something that was masked, or would be: where, and by which rule. Never what it was. */
export interface Masked {
  /** `attributes.user.password`, `events[0].exception.message`, `name`, `status.message`. */
  readonly place: string
  /**
   * `key` (its name is a secret's), `url`, `auth`, `jwt`, `aws`, `github`, …, `card`, `email`; the name of a pattern or
   * rule of your own; `unlisted` where nothing passes that is not named; `failed` where a rule has thrown.
   */
  readonly rule: string
}

export interface Redaction {
  /** Where it stands among the stages: behind all that judge spans, before all that keep or send them. */
  readonly stage: Stage
  /** A span as others may see it: the same one, if it holds no secret. Total. */
  readonly span: (span: SpanData) => SpanData
  /** A line of a log, or whatever else is about to leave. Total. */
  readonly text: (text: string) => string
  /** What stands under a key, of a log record or anywhere else; `undefined` when there is nothing to say. Total. */
  readonly value: (key: string, value: unknown) => Attributes.AttributeValue | undefined
  readonly resource: (resource: Resource) => Resource
  /** The entries that hold no secret: what may be sent along with a request. */
  readonly baggage: (baggage: Baggage) => Baggage
  /** What is masked of a span, and why. Counts nothing. */
  readonly explain: (span: SpanData) => ReadonlyArray<Masked>
}

export interface RedactionMakeOptions extends Policy.RedactionOptions {
  /** Counts each thing that is masked, by the rule that asked for it. */
  readonly books?: SpanBooks.SpanBooks
}

/** A record of its own for each resource: a process has one, and spans of others bring a few. */
const resourcesOf = (redact: (resource: Resource) => Resource): ((resource: Resource) => Resource) => {
  const known = new WeakMap<Resource, Resource>()
  let last: Resource | undefined
  let lastShown: Resource | undefined
  return (resource) => {
    if (resource === last) return lastShown!
    const shown = known.get(resource) ?? redact(resource)
    known.set(resource, shown)
    last = resource
    lastShown = shown
    return shown
  }
}

/** Redaction by these rules; without any, by the defaults. */
export const make = (options: RedactionMakeOptions = {}): Redaction => {
  const policy = new Policy.RedactionPolicy(options)
  const { books } = options
  const count: OnMasked = (_place, rule) => {
    if (books !== undefined) SpanBooks.mask(books, rule)
  }
  const clean = new CleanSpans(policy)
  const counted = new RedactedText(policy, count)
  const redactResource =
    (texts: RedactedText) =>
    (resource: Resource): Resource => {
      const attributes = texts.record(resource.attributes, "resource")
      return isSame(resource.attributes, attributes) ? resource : { attributes }
    }
  const resource = resourcesOf(redactResource(counted))

  const redact = (span: SpanData): SpanData => {
    try {
      const shown = resource(span.resource)
      return shown === span.resource && clean.has(span) ? span : RedactedSpan.make(span, counted, shown)
    } catch {
      count("", "failed")
      return RedactedSpan.withheld(span, policy.mark("failed", ""))
    }
  }

  const text = (text: string): string => counted.text(text, Policy.logMessage, "")

  const holdsSecret = (name: string, { metadata = "", value }: BaggageEntry): boolean => {
    const isSecret = policy.judge(name) === "key"
    if (isSecret) count("", "key")
    return isSecret || counted.searched(value, name, "") !== value || counted.searched(metadata, name, "") !== metadata
  }

  return {
    stage: (next) => Effect.succeed({ ...next, push: (span) => next.push(redact(span)) }),
    span: redact,
    text,
    value(key, value) {
      const converted = Attributes.fromUnknown(value)
      return converted === undefined ? undefined : counted.value(converted, key, "")
    },
    resource,
    baggage(baggage) {
      const kept = new Map([...baggage].filter(([name, entry]) => !holdsSecret(name, entry)))
      return kept.size === baggage.size ? baggage : kept
    },
    explain(span) {
      const masked: Array<Masked> = []
      const texts = new RedactedText(policy, (place, rule) => masked.push({ place, rule }))
      try {
        RedactedSpan.make(span, texts, redactResource(texts)(span.resource))
      } catch {
        masked.push({ place: "all of it", rule: "failed" })
      }
      return masked
    }
  }
}

const isSame = (a: Attributes.Attributes, b: Attributes.Attributes): boolean => {
  const keys = Object.keys(b)
  return keys.length === Object.keys(a).length && keys.every((key) => isSameValue(a[key], b[key]))
}

const isSameValue = (a: Attributes.AttributeValue | undefined, b: Attributes.AttributeValue | undefined): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((entry, at) => entry === b[at]))

/** Redaction by the defaults, which holds where no layer says otherwise. */
export const defaults: Redaction = make()

/** No redaction. What telling itself removes from messages and URLs stays removed. */
export const off: Redaction = {
  stage: Effect.succeed,
  span: (span) => span,
  text: (text) => text,
  value: (_key, value) => Attributes.fromUnknown(value),
  resource: (resource) => resource,
  baggage: (baggage) => baggage,
  explain: () => []
}

/** What is masked of a span by the defaults, and why. */
export const explain = defaults.explain

/** The redaction of the fiber's tracing layer: `TRACING_REDACTION`. */
export const CurrentRedaction = Context.Reference<Redaction>("@gorax/tracing/pipeline/Redaction/CurrentRedaction", {
  defaultValue: () => defaults
})
