/**
 * How often workflows and steps run, how many fail, and how long they take: of all runs, sampled or not.
 *
 * Two histograms, and each tells all three: `workflow.run.duration` by
 * workflow and tenant, `workflow.step.duration` by step, workflow and tenant,
 * both with `error.type` where a run failed. They are measured from spans that
 * end, whether or not these are kept, and stand in the `MetricRegistry` as
 * metrics of the program. Combinations beyond a limit are counted together, as
 * `otel.metric.overflow="true"`, so that no tenant can fill the memory.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanNames from "../model/SpanNames.ts"
import { durationMillis, type SpanData } from "../model/SpanData.ts"
import type { Stage } from "../model/SpanSink.ts"
import type { ExemplarBoard } from "./ExemplarBoard.ts"
import { bounds, Durations } from "./Durations.ts"
import * as Reservoir from "./Reservoir.ts"
import type { WatchedRegistry } from "./WatchedRegistry.ts"

/** What is measured of spans with one name. */
interface Measure {
  readonly name: string
  readonly description: string
  readonly keys: ReadonlyArray<string>
}

const measures: Readonly<Record<string, Measure>> = {
  [SpanNames.workflow]: {
    name: "workflow.run.duration",
    description: "How long runs of workflows took, sampled or not.",
    keys: [AttributeKeys.workflowId, AttributeKeys.tenantId, AttributeKeys.errorType]
  },
  [SpanNames.step]: {
    name: "workflow.step.duration",
    description: "How long steps of workflows took, sampled or not.",
    keys: [AttributeKeys.nodeId, AttributeKeys.workflowId, AttributeKeys.tenantId, AttributeKeys.errorType]
  }
}

const overflow: Readonly<Record<string, string>> = { "otel.metric.overflow": "true" }
/** Characters of a label's value. */
const longestLabel = 256

interface Series {
  readonly durations: Durations
  readonly reservoir: Reservoir.Reservoir | undefined
}

export interface RunMetricsOptions {
  /** How many series each metric may have, the one for all others among them. */
  readonly series: number
  /** Where examples wait, and where metrics are shown with them; without it there are none. */
  readonly shown: { readonly board: ExemplarBoard; readonly registry: WatchedRegistry } | undefined
  /** True where the trace of an ended span may be kept. */
  readonly mayBeKept: (span: SpanData) => boolean
}

/** The series of one metric, by their labels. */
class Family {
  readonly #measure: Measure
  readonly #options: RunMetricsOptions
  readonly #context: Context.Context<never>
  readonly #registrations: Array<Metric.Registration>
  readonly #series = new Map<string, Series>()
  #rest: Series | undefined

  constructor(
    measure: Measure,
    options: RunMetricsOptions,
    context: Context.Context<never>,
    registrations: Array<Metric.Registration>
  ) {
    this.#measure = measure
    this.#options = options
    this.#context = context
    this.#registrations = registrations
  }

  observe(span: SpanData): void {
    const { durations, reservoir } = this.#seriesOf(span)
    const value = durationMillis(span) / 1000
    durations.add(value)
    if (reservoir === undefined || !this.#options.mayBeKept(span)) return
    reservoir.offer({ value, time: span.endTime, traceId: span.traceId, spanId: span.spanId })
  }

  #seriesOf({ attributes }: SpanData): Series {
    const { keys } = this.#measure
    let key = ""
    for (const name of keys) key += `${String(attributes.get(name) ?? "").slice(0, longestLabel)}\0`
    const known = this.#series.get(key)
    if (known !== undefined) return known
    if (this.#series.size >= this.#options.series - 1) return (this.#rest ??= this.#open(overflow))
    const labels = key
      .split("\0")
      .slice(0, keys.length)
      .map((value, index) => [keys[index]!, value] as const)
    const opened = this.#open(Object.fromEntries(labels.filter(([, value]) => value !== "")))
    this.#series.set(key, opened)
    return opened
  }

  #open(labels: Readonly<Record<string, string>>): Series {
    const { shown } = this.#options
    const { description, name } = this.#measure
    const durations = new Durations()
    const reservoir = shown && Reservoir.alignedBuckets(shown.board, bounds)
    const get = () => durations.toState()
    if (reservoir !== undefined) shown?.registry.register(get, reservoir)
    const metric = Metric.histogram(name, { description, attributes: { unit: "s", ...labels }, boundaries: bounds })
    this.#registrations.push(
      Metric.registerUnsafe(metric, this.#context, { get, update: () => undefined, modify: () => undefined })
    )
    return { durations, reservoir }
  }
}

/** Measures spans that end, until the scope closes; they go on untouched. Costs a look at the name of all others. */
export const stage =
  (options: RunMetricsOptions): Stage =>
  (next) =>
    Effect.map(Effect.context<Scope.Scope>(), (context) => {
      const registrations: Array<Metric.Registration> = []
      const families = new Map(
        Object.entries(measures).map(([name, measure]) => [
          name,
          new Family(measure, options, context as Context.Context<never>, registrations)
        ])
      )
      return { families, registrations }
    }).pipe(
      Effect.tap(({ registrations }) =>
        Effect.addFinalizer(() => Effect.sync(() => registrations.forEach(({ remove }) => remove())))
      ),
      Effect.map(({ families }) => ({
        ...next,
        push(span) {
          families.get(span.name)?.observe(span)
          next.push(span)
        }
      }))
    )
