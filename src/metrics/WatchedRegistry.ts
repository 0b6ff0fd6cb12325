/**
 * A program's metrics, watched for examples.
 *
 * Effect hands every update of a metric the context of the fiber that makes
 * it, and with it the span. So the registry that Effect looks metrics up in is
 * replaced by one that leaves them where they are, and listens: each histogram
 * and each counter that grows gets a reservoir. An update outside of spans,
 * or in one that is not sampled, costs one more look into the context.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as Tracer from "effect/Tracer"
import type { Exemplar } from "../model/MetricReading.ts"
import * as SpanContext from "../model/SpanContext.ts"
import type { ExemplarBoard } from "./ExemplarBoard.ts"
import * as Reservoir from "./Reservoir.ts"

type Metadata = Metric.Metric.Metadata<any, any>
type Hooks = Metadata["hooks"]
type ReadContext = Context.Context<never>

/** A counter has room for one example where it is served as text. */
const examplesOfCounter = 1

export interface WatchedRegistryOptions {
  /** True where the trace of a span may be kept; it need not be decided. */
  readonly mayBeKept: (span: Tracer.AnySpan) => boolean
  readonly random: () => number
}

export class WatchedRegistry extends Map<string, Metadata> {
  readonly #metrics: Metric.MetricRegistry
  readonly #board: ExemplarBoard
  readonly #options: WatchedRegistryOptions
  readonly #seen = new WeakSet<Metadata>()
  /** What each metric was that is watched. */
  readonly #originals = new WeakMap<Metadata, Hooks>()
  readonly #reservoirs = new WeakMap<Hooks["get"], Reservoir.Reservoir>()

  constructor(metrics: Metric.MetricRegistry, board: ExemplarBoard, options: WatchedRegistryOptions) {
    super()
    this.#metrics = metrics
    this.#board = board
    this.#options = options
  }

  /** What is shown of a metric. */
  exemplarsOf(hooks: Hooks): ReadonlyArray<Exemplar> {
    return this.#reservoirs.get(hooks.get)?.shown() ?? []
  }

  /** Shows what this reservoir holds with a metric that is read through `get`. */
  register(get: Hooks["get"], reservoir: Reservoir.Reservoir): void {
    this.#reservoirs.set(get, reservoir)
  }

  /** Lets all metrics be as they were. */
  release(): void {
    for (const metadata of this.#metrics.values()) {
      const hooks = this.#originals.get(metadata)
      if (hooks !== undefined) replaceHooks(metadata, hooks)
    }
  }

  #watch(metadata: Metadata): Metadata {
    if (this.#seen.has(metadata)) return metadata
    this.#seen.add(metadata)
    const { hooks } = metadata
    const reservoir = this.#reservoirs.has(hooks.get) ? undefined : this.#reservoirFor(metadata)
    if (reservoir === undefined) return metadata
    this.#originals.set(metadata, hooks)
    const noting =
      (update: Hooks["update"]): Hooks["update"] =>
      (input, context) => {
        update(input, context)
        this.#note(reservoir, Number(input), context)
      }
    const watched: Hooks = { get: hooks.get, update: noting(hooks.update), modify: noting(hooks.modify) }
    this.#reservoirs.set(watched.get, reservoir)
    replaceHooks(metadata, watched)
    return metadata
  }

  /** None for a metric that has no examples, or cannot be read. */
  #reservoirFor({ hooks, type }: Metadata): Reservoir.Reservoir | undefined {
    if (type !== "Histogram" && type !== "Counter") return undefined
    try {
      const state: Metric.HistogramState | Metric.CounterState<number> = hooks.get(Context.empty())
      if ("buckets" in state) {
        return Reservoir.alignedBuckets(
          this.#board,
          state.buckets.map(([bound]) => bound)
        )
      }
      return state.incremental ? Reservoir.fixedSize(this.#board, examplesOfCounter, this.#options.random) : undefined
    } catch {
      return undefined
    }
  }

  #note(reservoir: Reservoir.Reservoir, value: number, context: ReadContext): void {
    const span = Context.getOrUndefined(context as Context.Context<Tracer.ParentSpan>, Tracer.ParentSpan)
    if (span === undefined || !Number.isFinite(value)) return
    try {
      if (!this.#options.mayBeKept(span)) return
      const { spanId, traceId } = SpanContext.fromSpan(span)
      if (!SpanContext.isValid({ spanId, traceId })) return
      const time = Context.get(context, Clock.Clock).currentTimeNanosUnsafe()
      reservoir.offer({ value, time, traceId, spanId })
    } catch {
      // A span that cannot be read is no example
    }
  }

  override get(key: string): Metadata | undefined {
    const metadata = this.#metrics.get(key)
    return metadata && this.#watch(metadata)
  }
  /** Effect goes on with the hooks of what it has set, so they are replaced where they are. */
  override set(key: string, metadata: Metadata): this {
    this.#metrics.set(key, this.#watch(metadata))
    return this
  }
  override has(key: string): boolean {
    return this.#metrics.has(key)
  }
  override delete(key: string): boolean {
    return this.#metrics.delete(key)
  }
  override clear(): void {
    this.#metrics.clear()
  }
  override get size(): number {
    return this.#metrics.size
  }
  override forEach(callback: (value: Metadata, key: string, map: Map<string, Metadata>) => void): void {
    this.#metrics.forEach((metadata, key) => callback(metadata, key, this))
  }
  override keys(): MapIterator<string> {
    return this.#metrics.keys()
  }
  override values(): MapIterator<Metadata> {
    return this.#metrics.values()
  }
  override entries(): MapIterator<[string, Metadata]> {
    return this.#metrics.entries()
  }
  override [Symbol.iterator](): MapIterator<[string, Metadata]> {
    return this.#metrics[Symbol.iterator]()
  }
}

const replaceHooks = (metadata: Metadata, hooks: Hooks): void => {
  const open: { hooks: Hooks } = metadata
  open.hooks = hooks
}
