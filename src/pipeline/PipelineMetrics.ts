/**
 * The books as metrics, by OpenTelemetry's conventions for what an SDK says about itself.
 *
 * They are Effect metrics that read plain counters when they are asked, so
 * that whatever exports the program's metrics exports these too, and no span
 * pays for them. Only the duration of an export is recorded as it happens,
 * once a batch. They stand in the `MetricRegistry` of the context they are
 * made in while its scope is open; of two layers that share a registry, the
 * later one is seen.
 *
 * What the conventions have no word for is called `gorax.tracing.*`. The
 * conventions are in development, as of 1.45.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import * as SpanBooks from "../model/SpanBooks.ts"
import { decorate, type Exporter } from "../model/SpanExporter.ts"
import type { QueueView } from "./QueueView.ts"
import type { TailView } from "./TailView.ts"

type Labels = Readonly<Record<string, string>>

/** One number of the books, and how it is told. */
interface Series {
  readonly name: string
  readonly type: "counter" | "gauge"
  readonly description: string
  /** `{span}` where it is absent. */
  readonly unit?: string
  readonly labels?: Labels | undefined
  readonly read: () => number
}

const errorType = "error.type"

/** What an instance is, and what tells it from others of its type. */
const component = (type: string, index: number): Labels => ({
  "otel.component.type": type,
  "otel.component.name": `${type}/${index}`
})

/** Reasons for which a queue drops spans, in the words of the conventions. They are told from the start, as none. */
const queueErrors = { queue_full: "queue_full", shut_down: "already_shutdown" } as const

/** The same for what an exporter was given and did not deliver. */
const exportErrors: Readonly<Record<string, (books: SpanBooks.SpanBooks) => number>> = {
  rejected: ({ rejected }) => rejected,
  unreadable: ({ dropped }) => dropped.get("unreadable") ?? 0
}

const ofBooks = (books: SpanBooks.SpanBooks): ReadonlyArray<Series> => [
  {
    name: "otel.sdk.span.started",
    type: "counter",
    description: "The number of created spans.",
    read: () => books.started
  },
  {
    name: "otel.sdk.span.live",
    type: "gauge",
    description: "The number of created spans that have not ended.",
    read: () => SpanBooks.open(books)
  },
  {
    name: "gorax.tracing.span.sampled_out",
    type: "counter",
    description: "The number of spans that the sampler, or the program itself, left out.",
    read: () => books.sampledOut
  },
  {
    name: "gorax.tracing.span.let_go",
    type: "counter",
    description: "The number of spans that were recorded, not sampled, and not kept.",
    read: () => books.letGo
  },
  {
    name: "gorax.tracing.span.undecided",
    type: "gauge",
    description: "The number of ended spans that wait for a verdict on their trace.",
    read: () => books.undecided
  }
]

const ofQueue = (queue: QueueView, index: number, exporterType: string): ReadonlyArray<Series> => {
  const processor = component("batching_span_processor", index)
  const exporter = component(exporterType, index)
  return [
    {
      name: "otel.sdk.processor.span.queue.size",
      type: "gauge",
      description: "The number of spans that wait to be sent.",
      labels: processor,
      read: () => queue.waiting
    },
    {
      name: "otel.sdk.processor.span.queue.capacity",
      type: "gauge",
      description: "The number of spans that may wait.",
      labels: processor,
      read: () => queue.maxSpans
    },
    {
      name: "otel.sdk.processor.span.processed",
      type: "counter",
      description: "The number of spans handed to the exporter, or dropped for the error given.",
      labels: processor,
      read: () => queue.handedOver
    },
    ...Object.entries(queueErrors).map(([reason, error]): Series => ({
      name: "otel.sdk.processor.span.processed",
      type: "counter",
      description: "The number of spans handed to the exporter, or dropped for the error given.",
      labels: { ...processor, [errorType]: error },
      read: () => queue.books.dropped.get(reason) ?? 0
    })),
    {
      name: "otel.sdk.exporter.span.inflight",
      type: "gauge",
      description: "The number of spans handed to the exporter that it has not answered for.",
      labels: exporter,
      read: () => queue.sending
    },
    {
      name: "otel.sdk.exporter.span.exported",
      type: "counter",
      description: "The number of spans that were exported, or not for the error given.",
      labels: exporter,
      read: () => queue.books.exported
    },
    ...Object.entries(exportErrors).map(([error, count]): Series => ({
      name: "otel.sdk.exporter.span.exported",
      type: "counter",
      description: "The number of spans that were exported, or not for the error given.",
      labels: { ...exporter, [errorType]: error },
      read: () => count(queue.books)
    }))
  ]
}

const byReason = (name: string, description: string, reason: string, read: () => number, unit = "{span}"): Series => ({
  name,
  type: "counter",
  description,
  unit,
  labels: { reason },
  read
})

const ofTail = (tail: TailView): ReadonlyArray<Series> => [
  {
    name: "gorax.tracing.tail.trace.undecided",
    type: "gauge",
    description: "The number of local traces that wait for their end to be decided.",
    unit: "{trace}",
    read: () => tail.undecided
  },
  {
    name: "gorax.tracing.tail.trace.let_go",
    type: "counter",
    description: "The number of local traces that no rule had kept.",
    unit: "{trace}",
    read: () => tail.letGo
  }
]

/** Reasons turn up as the program runs. */
const ofReasons = (
  { decided, dropped, masked, refused }: SpanBooks.SpanBooks,
  tail: TailView | undefined
): ReadonlyArray<Series> => [
  ...Array.from(tail?.kept ?? [], ([reason]) =>
    byReason(
      "gorax.tracing.tail.trace.kept",
      "The number of local traces kept.",
      reason,
      () => tail?.kept.get(reason) ?? 0,
      "{trace}"
    )
  ),
  ...Array.from(tail?.evicted ?? [], ([reason]) =>
    byReason(
      "gorax.tracing.tail.trace.evicted",
      "The number of local traces lost before they were decided.",
      reason,
      () => tail?.evicted.get(reason) ?? 0,
      "{trace}"
    )
  ),
  ...Array.from(new Set([...Object.keys(queueErrors), "unreadable", ...dropped.keys()]), (reason) =>
    byReason(
      "gorax.tracing.span.dropped",
      "The number of spans left out, by reason.",
      reason,
      () => dropped.get(reason) ?? 0
    )
  ),
  ...Array.from(decided, ([reason, counts]) =>
    byReason("gorax.tracing.trace.kept", "The number of traces that were chosen.", reason, () => counts.kept, "{trace}")
  ),
  ...Array.from(decided, ([reason, counts]) =>
    byReason(
      "gorax.tracing.trace.left_out",
      "The number of traces that were left out.",
      reason,
      () => counts.leftOut,
      "{trace}"
    )
  ),
  ...Array.from(new Set(["rate_limit", ...refused.keys()]), (reason) =>
    byReason(
      "gorax.tracing.trace.refused",
      "The number of traces that were chosen and left out.",
      reason,
      () => refused.get(reason) ?? 0,
      "{trace}"
    )
  ),
  ...Array.from(new Set(["key", ...masked.keys()]), (rule): Series => ({
    name: "gorax.tracing.redaction.masked",
    type: "counter",
    description: "The number of secrets that were masked, by rule.",
    labels: { rule },
    unit: "{secret}",
    read: () => masked.get(rule) ?? 0
  }))
]

const register = (series: Series, context: Context.Context<never>, before?: () => void): Metric.Registration => {
  const { description, labels, unit = "{span}" } = series
  const options = { description, attributes: { unit, ...labels } }
  const now = (): number => {
    before?.()
    return series.read()
  }
  return series.type === "gauge"
    ? Metric.registerUnsafe(Metric.gauge(series.name, options), context, {
        get: () => ({ value: now() }),
        update: () => undefined,
        modify: () => undefined
      })
    : Metric.registerUnsafe(Metric.counter(series.name, { ...options, incremental: true }), context, {
        get: () => ({ count: now(), incremental: true }),
        update: () => undefined,
        modify: () => undefined
      })
}

/** A queue, and the type of the exporter behind it. */
export interface MeteredQueue {
  readonly queue: QueueView
  readonly exporterType: string
}

/** Publishes the books, the queues that stand behind them, and tail sampling where it is on, until the scope closes. */
export const publish = (
  books: SpanBooks.SpanBooks,
  queues: ReadonlyArray<MeteredQueue>,
  tail?: TailView
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(Effect.context<Scope.Scope>(), (context) => {
    const registrations: Array<Metric.Registration> = []
    const known = new Set<string>()
    /** A reason that is new is told from the reading after the one that finds it. */
    const findReasons = (): void => {
      for (const series of ofReasons(books, tail)) {
        const key = JSON.stringify([series.name, series.labels])
        if (known.has(key)) continue
        known.add(key)
        registrations.push(register(series, context))
      }
    }
    return Effect.acquireRelease(
      Effect.sync(() => {
        const fixed = [
          ...ofBooks(books),
          ...(tail === undefined ? [] : ofTail(tail)),
          ...queues.flatMap(({ exporterType, queue }, index) => ofQueue(queue, index, exporterType))
        ]
        fixed.forEach((series, index) => {
          registrations.push(register(series, context, index === 0 ? findReasons : undefined))
        })
        findReasons()
      }),
      () => Effect.sync(() => registrations.forEach(({ remove }) => remove()))
    )
  })

const durations = (labels: Labels) =>
  Metric.histogram("otel.sdk.exporter.operation.duration", {
    description: "How long it took to export a batch, all tries and waits between them included.",
    attributes: { unit: "s", ...labels },
    boundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]
  })

const failureOf = (cause: Cause.Cause<unknown>): string => {
  if (Cause.hasInterruptsOnly(cause)) return "interrupted"
  const error = Cause.squash(cause)
  return typeof error === "object" && error !== null && "reason" in error ? String(error.reason) : "_OTHER"
}

/** Records how long each batch took. Goes around everything that tries again. */
export const timed = <AnyExporter extends Exporter<never>>(
  exporter: AnyExporter,
  type: string,
  index: number
): AnyExporter => {
  const labels = component(type, index)
  const full = durations(labels)
  return decorate(exporter, <Batch>(exporter: Exporter<Batch>): Exporter<Batch> => ({
    export: (spans) =>
      Effect.flatMap(Clock.monotonicTimeNanos, (begin) =>
        Effect.onExit(exporter.export(spans), (exit) =>
          Effect.flatMap(Clock.monotonicTimeNanos, (end) => {
            const error = Exit.isFailure(exit)
              ? failureOf(exit.cause)
              : exit.value === undefined
                ? undefined
                : "rejected"
            const metric = error === undefined ? full : durations({ ...labels, [errorType]: error })
            return Metric.update(metric, Number(end - begin) / 1e9)
          })
        )
      )
  }))
}
