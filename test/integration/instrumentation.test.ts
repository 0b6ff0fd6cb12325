import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Otel from "@opentelemetry/api"
import { IORedisInstrumentation } from "@opentelemetry/instrumentation-ioredis"
import { PgInstrumentation } from "@opentelemetry/instrumentation-pg"
import { Effect } from "effect"
import { Traced } from "@gorax/tracing"
import type * as IORedis from "ioredis"
import { createRequire } from "node:module"
import type * as Pg from "pg"
import { type Instrumentation, traced } from "../neighbours/Neighbourhood.ts"

const require = createRequire(import.meta.url)
const postgresUrl = process.env["TEST_POSTGRES_URL"]
const redisUrl = process.env["TEST_REDIS_URL"]

interface Neighbour {
  readonly system: string
  /** Why its tests cannot run here. */
  readonly missing: string | undefined
  readonly instrumentation: Instrumentation
  /** Asks the server something, as often as it is told to, over fewer connections. */
  readonly ask: (times: number) => Effect.Effect<unknown>
  /** What the span of one question is called. */
  readonly question: string
  /** What the spans of connecting are called. */
  readonly greeting: ReadonlyArray<string>
}

const neighbours: ReadonlyArray<Neighbour> = [
  {
    system: "PostgreSQL",
    missing:
      postgresUrl === undefined
        ? "TEST_POSTGRES_URL is not set, for example postgres://localhost:5432/postgres"
        : undefined,
    instrumentation: new PgInstrumentation(),
    greeting: ["pg-pool.connect (client)", "pg.connect (client)"],
    question: "pg.query:SELECT postgres (client)",
    ask: (times) =>
      Effect.acquireUseRelease(
        Effect.sync(() => {
          const { Pool } = require("pg") as typeof Pg
          return new Pool({ connectionString: postgresUrl, max: 3 })
        }),
        (client) =>
          Effect.forEach(
            Array.from({ length: times }, (_, index) => index),
            (index) =>
              Effect.promise(async () => {
                await Promise.resolve()
                return client.query("SELECT $1::int AS answer", [index])
              }).pipe(Traced.step(`ask ${index}`)),
            { concurrency: "unbounded" }
          ),
        (client) => Effect.promise(() => client.end())
      )
  },
  {
    system: "Redis",
    missing: redisUrl === undefined ? "TEST_REDIS_URL is not set, for example redis://localhost:6379" : undefined,
    instrumentation: new IORedisInstrumentation(),
    greeting: ["connect (client)", "info (client)"],
    question: "get (client)",
    ask: (times) =>
      Effect.acquireUseRelease(
        Effect.promise(async () => {
          const { Redis } = require("ioredis") as typeof IORedis
          const client = new Redis(redisUrl ?? "", { lazyConnect: true })
          await client.connect()
          return client
        }),
        (client) =>
          Effect.forEach(
            Array.from({ length: times }, (_, index) => index),
            (index) =>
              Effect.promise(async () => {
                await Promise.resolve()
                return client.get(`answer ${index}`)
              }).pipe(Traced.step(`ask ${index}`)),
            { concurrency: "unbounded" }
          ),
        (client) => Effect.sync(() => client.disconnect())
      )
  }
]

for (const { ask, greeting, instrumentation, missing, question, system } of neighbours) {
  if (missing !== undefined) process.stderr.write(`Instrumentation of ${system} is skipped: ${missing}\n`)
  describe.skipIf(missing !== undefined)(`instrumentation of ${system}`, () => {
    beforeAll(() => instrumentation.enable())

    it.live("puts each question under the step that asked it, however many are on their way", () =>
      Effect.gen(function* () {
        const { spans, tree } = yield* traced(ask(20).pipe(Effect.withSpan("session")), { otelContext: "on" }, [
          instrumentation
        ])
        const lines = tree.split("\n")
        assert.deepStrictEqual(lines.slice(0, 1), ["session"])
        assert.includeMembers(
          lines.map((line) => line.trim()),
          [...greeting]
        )
        const steps = spans.filter(({ name }) => name === "workflow.step.execute")
        assert.strictEqual(steps.length, 20)
        for (const step of steps) {
          const children = spans.filter(({ parentSpanId }) => parentSpanId === step.spanId)
          assert.strictEqual(children.filter(({ kind, name }) => `${name} (${kind})` === question).length, 1)
        }
        assert.strictEqual(lines.filter((line) => line.trim() === question).length, 20)
        assert.strictEqual(new Set(spans.map(({ traceId }) => traceId)).size, 1)
      })
    )

    it.live("is left out with what it happens in", () =>
      Effect.gen(function* () {
        const { spans } = yield* traced(ask(2).pipe(Effect.withSpan("session")), { otelContext: "on", sampleRate: 0 }, [
          instrumentation
        ])
        assert.deepStrictEqual(spans, [])
        assert.isUndefined(Otel.trace.getActiveSpan())
      })
    )
  })
}
