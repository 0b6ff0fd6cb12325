import { NodeRedis } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { PersistedQueue } from "effect/persistence"
import { randomUUID } from "node:crypto"
import * as Orders from "../queue/orders.ts"

const postgresUrl = process.env["TEST_POSTGRES_URL"]
const redisUrl = process.env["TEST_REDIS_URL"]

interface Store {
  readonly system: string
  /** Why its tests cannot run here. */
  readonly missing: string | undefined
  readonly layer: () => Layer.Layer<PersistedQueue.PersistedQueueStore, unknown>
}

const stores: ReadonlyArray<Store> = [
  {
    system: "postgresql",
    missing:
      postgresUrl === undefined
        ? "TEST_POSTGRES_URL is not set, for example postgres://localhost:5432/postgres"
        : undefined,
    layer: () =>
      PersistedQueue.layerStoreSql({ tableName: `queue_${randomUUID().slice(0, 8)}`, pollInterval: "20 millis" }).pipe(
        Layer.provide(PgClient.layer({ url: Redacted.make(postgresUrl ?? "") }))
      )
  },
  {
    system: "redis",
    missing: redisUrl === undefined ? "TEST_REDIS_URL is not set, for example redis://localhost:6379" : undefined,
    layer: () =>
      PersistedQueue.layerStoreRedis({ prefix: `queue_${randomUUID().slice(0, 8)}:`, pollInterval: "20 millis" }).pipe(
        Layer.provide(NodeRedis.layer({ url: redisUrl ?? "" }))
      )
  }
]

for (const { layer, missing, system } of stores) {
  if (missing !== undefined) process.stderr.write(`TracedQueue on ${system} is skipped: ${missing}\n`)
  describe.skipIf(missing !== undefined)(`TracedQueue on ${system}`, () => {
    const story = <A, E>(title: string, self: () => Effect.Effect<A, E, PersistedQueue.PersistedQueueFactory>) =>
      it.live(title, () => Effect.provide(self(), PersistedQueue.layer.pipe(Layer.provide(layer()))))

    story("a redelivered order stays in its request's trace, with its baggage", () =>
      Orders.redelivered("orders", system)
    )
    story("a message written before tracing was on is taken, and begins a trace of its own", () => Orders.bare("bare"))
    story("two offers with one id are one message, in the trace of the first", () => Orders.idempotent("once"))
  })
}
