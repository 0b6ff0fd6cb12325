/**
 * Where the queue and the platform's records live. One variable decides, for every process:
 *
 * ```sh
 * QUEUE_URL=.data/gorax.db                       # a SQLite file, the default
 * QUEUE_URL=postgres://user:secret@host/database
 * QUEUE_URL=redis://host:6379
 * ```
 */
import { NodeRedis } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Cause, Config, Effect, Layer, Redacted, References, Schema } from "effect"
import { PersistedQueue, Persistence } from "effect/persistence"
import * as Sqlite from "./Sqlite.ts"

const polling = { pollInterval: "50 millis" } as const
const onSql = Layer.merge(PersistedQueue.layerStoreSql(polling), Persistence.layerBackingSql)
const onRedis = Layer.merge(PersistedQueue.layerStoreRedis(polling), Persistence.layerBackingRedis)

const storeAt = (
  url: string
): Layer.Layer<PersistedQueue.PersistedQueueStore | Persistence.BackingPersistence, unknown> =>
  /^postgres(ql)?:/.test(url)
    ? Layer.provide(onSql, PgClient.layer({ url: Redacted.make(url) }))
    : /^rediss?:/.test(url)
      ? Layer.provide(onRedis, NodeRedis.layer({ url }))
      : Layer.provide(onSql, Sqlite.layer({ filename: url }))

/** Statements, polls and locks are no part of anybody's story: the storage opens no spans. */
const quiet = Effect.withTracerEnabled(false)

const quietQueue = Layer.effect(
  PersistedQueue.PersistedQueueStore,
  Effect.map(PersistedQueue.PersistedQueueStore, ({ cleanup, offer, take }) => ({
    offer: (options) => quiet(offer(options)),
    take: (options) => quiet(take(options)),
    cleanup: (options) => quiet(cleanup(options))
  }))
)

export class StorageUnavailable extends Schema.TaggedError<StorageUnavailable>()("StorageUnavailable", {
  message: Schema.String
}) {}

/** What a driver says in its innermost words: `connect ECONNREFUSED 127.0.0.1:5432`. */
const reasonOf = (cause: Cause.Cause<unknown>): string => {
  let error = Cause.squash(cause)
  while (error instanceof Error && error.cause instanceof Error) error = error.cause
  return `the storage at QUEUE_URL cannot be used: ${error instanceof Error ? error.message : String(error)}`
}

/** The makers of queues and {@link table}s, at `QUEUE_URL`. */
export const layer = Layer.unwrap(
  Effect.map(Config.Redacted("QUEUE_URL").pipe(Config.withDefault(Redacted.make(".data/gorax.db"))), (url) => {
    const store = storeAt(Redacted.value(url)).pipe(
      Layer.provide(Layer.succeed(References.TracerEnabled, false)),
      Layer.catchCause((cause) =>
        Layer.effectContext(Effect.fail(new StorageUnavailable({ message: reasonOf(cause) })))
      )
    )
    return Layer.merge(PersistedQueue.layer.pipe(Layer.provide(quietQueue), Layer.provide(store)), store)
  })
)

/** Records of one kind, by id. */
export const table = <A extends object>(name: string, schema: Schema.Codec<A, Schema.Json>) =>
  Effect.gen(function* () {
    const store = yield* Persistence.BackingPersistence.use((backing) => backing.make(name))
    const encode = Schema.encodeEffect(schema)
    const decode = Schema.decodeUnknownEffect(schema)
    return {
      get: (id: string) =>
        Effect.flatMap(quiet(store.get(id)), (found) => (found === undefined ? Effect.undefined : decode(found))),
      set: (id: string, record: A) =>
        Effect.flatMap(encode(record), (json) => quiet(store.set(id, json as object, undefined)))
    }
  })
