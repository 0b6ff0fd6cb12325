/**
 * The health of one tracing layer, of whatever kind it is.
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { ExporterWatch } from "../export/ExporterWatch.ts"
import type { Sampler } from "../model/Sampler.ts"
import * as SpanBooks from "../model/SpanBooks.ts"
import type { Flushed } from "../model/SpanSink.ts"
import * as InFlight from "../pipeline/InFlight.ts"
import * as Redaction from "../pipeline/Redaction.ts"
import type { QueueView } from "../pipeline/QueueView.ts"
import type { TailView } from "../pipeline/TailView.ts"
import type { Delivery } from "./Delivery.ts"
import type { ExporterHealth, HealthSnapshot } from "./HealthSnapshot.ts"
import * as HealthStatus from "./HealthStatus.ts"
import type { LiveRules, RulesState } from "./LiveRules.ts"
import * as StartLine from "./StartLine.ts"
import * as TracingConfig from "./TracingConfig.ts"

/** What can be asked of it. */
export interface LayerHealth {
  readonly snapshot: Effect.Effect<HealthSnapshot>
  /** Sends what waits, and waits for the answers: until `TRACING_SHUTDOWN_TIMEOUT`, and then says what is left. */
  readonly flush: Effect.Effect<Flushed>
}

const noBooks: HealthSnapshot["books"] = {
  started: 0,
  sampledOut: 0,
  letGo: 0,
  ended: 0,
  adopted: 0,
  exported: 0,
  rejected: 0,
  dropped: {},
  refused: {},
  inFlight: { open: 0, undecided: 0, queued: 0, sending: 0, onDisk: 0, held: 0 }
}

type Boundaries = Pick<HealthSnapshot, "propagators" | "trust">

const boundariesOf = ({ propagators, trust }: TracingConfig.TracingConfig, trusts: unknown): Boundaries => ({
  propagators,
  trust: trust.kind ?? (trusts === undefined ? "trusted" : "public")
})

const nothing = (
  recordedBy: "provider" | "nobody",
  reason: string,
  boundaries: Boundaries,
  service?: string
): LayerHealth => ({
  snapshot: Effect.map(DateTime.now, (at): HealthSnapshot => ({
    at,
    status: "off",
    reasons: [reason],
    recordedBy,
    ...(service === undefined ? undefined : { service }),
    ...boundaries,
    exporters: [],
    queues: [],
    leftOut: [],
    books: noBooks
  })),
  flush: Effect.succeed({ exported: 0, left: 0 })
})

/** Of no layer at all. */
export const absent: LayerHealth = nothing("nobody", "No tracing layer is provided. Provide TracingLive.", {
  propagators: [],
  trust: "trusted"
})

/** Of a layer that is turned off. */
export const off = (settings: TracingConfig.TracingConfig, trusts: unknown): LayerHealth =>
  nothing("nobody", StartLine.offBecause(settings), boundariesOf(settings, trusts), shown(settings.serviceName))

/** Of `Tracing.layerDisabled`. */
export const disabled: LayerHealth = nothing(
  "nobody",
  "Tracing is off: the program provides Tracing.layerDisabled.",
  boundariesOf(TracingConfig.defaults, undefined)
)

/** Of a layer that hands spans to a provider of the application's. */
export const bridged = (settings: TracingConfig.TracingConfig): LayerHealth =>
  nothing(
    "provider",
    "An OpenTelemetry provider of the application records and delivers (Tracing.layerBridge); ask that.",
    boundariesOf(settings, undefined)
  )

/** Health is asked for by machines and people alike; what somebody put into a name or an address may be a secret. */
const shown = Redaction.defaults.text

const instant = (millis: number): DateTime.Utc => DateTime.makeUnsafe(millis)

const exporterHealth = (watch: ExporterWatch): ExporterHealth => {
  const { endpoint, failingSince, lastError, lastSuccess, name, requests } = watch
  const trouble = watch.trouble()
  const failing = lastError?.retryable === true ? ("waiting" as const) : ("refusing" as const)
  return {
    name,
    ...(endpoint === undefined ? undefined : { endpoint: shown(endpoint) }),
    state: failingSince !== undefined ? failing : lastSuccess === undefined ? "idle" : "delivering",
    ...(failingSince === undefined ? undefined : { since: instant(failingSince) }),
    requests,
    ...(lastSuccess === undefined ? undefined : { lastSuccess: instant(lastSuccess) }),
    ...(trouble === undefined ? undefined : { trouble }),
    ...(lastError === undefined
      ? undefined
      : { lastError: { at: instant(lastError.at), reason: lastError.reason, message: shown(lastError.message) } })
  }
}

const queueHealth = ({ bytes, maxBytes, maxSpans, sending, waiting }: QueueView): HealthSnapshot["queues"][number] => ({
  spans: waiting,
  bytes: Math.round(bytes),
  ...(Number.isFinite(maxSpans) ? { maxSpans } : undefined),
  ...(Number.isFinite(maxBytes) ? { maxBytes } : undefined),
  sending
})

const tailHealth = ({ bytes, evicted, kept, letGo, spans, undecided }: TailView): HealthSnapshot["tail"] & {} => ({
  undecided,
  spans,
  bytes,
  kept: Object.fromEntries(kept),
  letGo,
  evicted: Object.fromEntries(evicted)
})

const samplingHealth = (
  { decided }: SpanBooks.SpanBooks,
  rules: RulesState | undefined
): NonNullable<HealthSnapshot["sampling"]> => ({
  decided: Object.fromEntries(Array.from(decided, ([reason, counts]) => [reason, { ...counts }])),
  ...(rules && {
    rules: {
      count: rules.rules.length,
      from: rules.from,
      since: rules.since,
      ...(rules.refused === undefined ? undefined : { refused: rules.refused })
    }
  })
})

const lostTotal = (books: SpanBooks.SpanBooks): number => books.rejected + SpanBooks.droppedTotal(books)

/** What a tracing layer is made of, as far as its health shows it. */
export interface HealthOptions {
  readonly settings: TracingConfig.TracingConfig
  readonly trusts: unknown
  readonly sampler: Sampler
  /** Absent where the sampler knows no rules. */
  readonly rules: LiveRules | undefined
  readonly books: SpanBooks.SpanBooks
  readonly delivery: Pick<Delivery, "sink" | "exporters" | "queues" | "tail">
  /** Keeps the process from staying for what it wraps. */
  readonly alone: <A>(effect: Effect.Effect<A>) => Effect.Effect<A>
}

/** Of a layer that delivers. Losses are noted once a minute, and whenever somebody asks. */
export const make = Effect.fnUntraced(function* (
  options: HealthOptions
): Effect.fn.Return<LayerHealth, never, Scope.Scope> {
  const { books, delivery, rules, sampler, settings } = options
  const { exporters, queues, sink, tail } = delivery
  let lost = 0
  let lostAt: number | undefined
  const note = Effect.map(Clock.currentTimeMillis, (now) => {
    const before = lost
    lost = lostTotal(books)
    if (lost > before) lostAt = now
  })
  yield* Effect.forkScoped(options.alone(Effect.forever(Effect.andThen(Effect.sleep("1 minute"), note))))

  const read = Effect.all([DateTime.now, rules?.current ?? Effect.succeed(undefined)])
  const snapshot = Effect.map(Effect.andThen(note, read), ([at, rules]): HealthSnapshot => {
    const sampling = samplingHealth(books, rules)
    const told = exporters.map(exporterHealth)
    const { adopted, ended, exported, letGo, rejected, sampledOut, started } = books
    const entries = {
      started,
      sampledOut,
      letGo,
      ended,
      adopted,
      exported,
      rejected,
      dropped: Object.fromEntries(books.dropped),
      refused: Object.fromEntries(books.refused),
      inFlight: InFlight.split(books, queues)
    }
    const isFull = queues.some((queue) => queue.isFull)
    return {
      at,
      ...HealthStatus.judge({ at, books: entries, exporters: told, isFull, lostAt, sampling }),
      recordedBy: "gorax",
      service: shown(settings.serviceName),
      sampler: sampler.description,
      sampling,
      ...boundariesOf(settings, options.trusts),
      redaction: { mode: settings.redaction.mode, masked: Object.fromEntries(books.masked) },
      exporters: told,
      queues: queues.map(queueHealth),
      ...(tail === undefined ? undefined : { tail: tailHealth(tail) }),
      leftOut: books.leftOut.all,
      books: entries
    }
  })

  const flush = Effect.suspend(() => {
    const before = books.exported
    return Effect.map(
      Effect.timeoutOption(sink.flush, settings.shutdownTimeout),
      Option.getOrElse((): Flushed => ({ exported: books.exported - before, left: SpanBooks.inFlight(books) }))
    )
  })
  return { snapshot, flush }
})
