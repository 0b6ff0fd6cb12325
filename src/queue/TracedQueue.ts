/**
 * A `PersistedQueue` whose messages remember the trace they were offered in.
 *
 * ```ts
 * const orders = yield* TracedQueue.make({ name: "orders", schema: Order })
 * yield* orders.offer(order)        // here, in the trace of whoever asks
 * yield* orders.take(fulfilOrder)   // there, hours later, in the same trace
 * ```
 *
 * The context, and with it the baggage, is stored beside the element for as
 * long as the element is: keep secrets out of baggage.
 *
 * A SQL store asks for messages all the time, and each time is a trace of its
 * own. To have none of them, build the store with tracing off:
 * `store.pipe(Layer.provide(Layer.succeed(References.TracerEnabled, false)))`.
 */
import * as Effect from "effect/Effect"
import * as PersistedQueue from "effect/persistence/PersistedQueue"
import type * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import * as Envelope from "./Envelope.ts"
import * as TracedMessage from "./TracedMessage.ts"

/** The options of `PersistedQueue.make`, and the name of the store on the spans. */
export interface TracedQueueOptions<S extends Schema.Constraint> {
  readonly name: string
  readonly schema: S
  readonly maxAttempts?: number | undefined
  readonly retrySchedule?: Schedule.Schedule<any, number> | undefined
  /** What holds the messages, as `messaging.system`: `postgresql`, `redis`. Left out, `effect_persisted_queue`. */
  readonly system?: string | undefined
}

/**
 * Makes a queue that traces `offer` as `queue.publish`, and what `take` runs as `queue.process_message` below it.
 *
 * The context is stored with the element, so every delivery, the redelivery of a failed one too, continues the trace
 * of the offer and finds its baggage; `retry_count` tells them apart. Waiting for a message is no part of any span.
 *
 * Ids, deduplication, attempts and the retry schedule stay as they are. Of two offers with one id the first is kept,
 * with its context. Messages that were stored before tracing are taken, and begin a trace of their own. A reader
 * without tracing does not understand a message that carries a context.
 */
export const make = <S extends Schema.Constraint>(
  options: TracedQueueOptions<S>
): Effect.Effect<
  PersistedQueue.PersistedQueue<S["Type"], S["EncodingServices"] | S["DecodingServices"]>,
  never,
  PersistedQueue.PersistedQueueFactory
> => {
  const { name, system = "effect_persisted_queue" } = options
  return Effect.map(
    PersistedQueue.make({ ...options, schema: Envelope.schema(options.schema) }),
    (queue): PersistedQueue.PersistedQueue<S["Type"], S["EncodingServices"] | S["DecodingServices"]> => ({
      [PersistedQueue.TypeId]: PersistedQueue.TypeId,
      offer: (element, offerOptions) =>
        TracedMessage.publish(name, (headers) => queue.offer({ headers, element }, offerOptions), {
          messageId: (id) => id,
          system
        }),
      take: (handle) =>
        queue.take(({ element, headers }, metadata) =>
          Effect.suspend(() => handle(element, metadata)).pipe(
            TracedMessage.process(name, {
              headers,
              messageId: metadata.id,
              attempts: metadata.attempts,
              system
            })
          )
        )
    })
  )
}
