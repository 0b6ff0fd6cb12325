/**
 * The whole platform on one machine: services, worker and API, each a process of its own.
 */
import { Config, Effect } from "effect"
import { createServer } from "node:net"
import * as ChildService from "./ChildService.ts"

export interface PlatformOptions {
  /** Where the processes send their traces. */
  readonly tracing: Readonly<Record<string, string | undefined>>
  /** See `Storage.ts`. */
  readonly queueUrl: string
  /** The API's port; a free one when it is taken. Default 0, any free one. */
  readonly port?: number
  readonly webhookSecret: string
  /** Every line that a process prints. */
  readonly onLine?: ChildService.ChildServiceOptions["onLine"]
}

export interface Platform {
  /** `http://127.0.0.1:3000` */
  readonly api: string
  /** Where the worker's metrics are: `http://127.0.0.1:40123/metrics` */
  readonly metrics: string
  /** Ends only if one of the processes does. */
  readonly died: Effect.Effect<never, ChildService.ServiceDied>
}

const listening = /Listening on (http:\/\/\S+)/

const main = (file: string): URL => new URL(file, import.meta.url)

/** The port itself while nobody has it, else 0. */
const ifFree = (port: number): Effect.Effect<number> =>
  Effect.callback((resume) => {
    const probe = createServer()
    probe.once("error", () => resume(Effect.succeed(0)))
    probe.listen(port, "127.0.0.1", () => probe.close(() => resume(Effect.succeed(port))))
  })

/** Strangers reach the API: what they send begins a trace of its own, linked to theirs. */
const edge = { TRACING_TRUST: "public" }

/** Only the platform itself reaches its services: a trace goes on in them. */
const inside = { TRACING_TRUST: "trusted" }

/** Runs are measured, and whoever asks for the figures is no part of any trace. */
const operated = Effect.map(Config.String("TRACING_METRICS").pipe(Config.withDefault("prometheus")), (metrics) => ({
  TRACING_METRICS: metrics,
  TRACING_HTTP_IGNORE: "/metrics,/health/*"
}))

/**
 * However few runs are sampled, each process keeps its part of those that fail: `TRACING_SAMPLE_RATE=0` leaves nothing
 * else.
 */
const flightRecorder = { TRACING_TAIL_SAMPLING: "failures,retries,interrupted" }

/** Starts all of it, and waits until it is ready. */
export const make = Effect.fnUntraced(function* ({
  onLine,
  port = 0,
  queueUrl,
  tracing,
  webhookSecret
}: PlatformOptions) {
  const env = {
    ...(yield* operated),
    ...flightRecorder,
    ...tracing,
    QUEUE_URL: queueUrl,
    WEBHOOK_SECRET: webhookSecret,
    CRM_KEY: "key-of-the-crm"
  }
  const [services, api] = yield* Effect.all(
    [
      ChildService.start({
        name: "gorax-services",
        main: main("services.ts"),
        ready: listening,
        env: { ...env, ...inside, PORT: "0" },
        onLine
      }),
      ChildService.start({
        name: "gorax-api",
        main: main("api.ts"),
        ready: listening,
        env: { ...env, ...edge, PORT: String(yield* ifFree(port)) },
        onLine
      })
    ],
    { concurrency: "unbounded" }
  )
  const worker = yield* ChildService.start({
    name: "gorax-worker",
    main: main("worker.ts"),
    ready: /Taking jobs .* (http:\/\/\S+)/,
    env: { ...env, ...inside, SERVICES_URL: services.address },
    onLine
  })
  const processes = [api, worker, services]
  // All at once: each of them flushes its spans before it goes.
  yield* Effect.addFinalizer(() =>
    Effect.forEach(processes, ({ stop }) => stop, { concurrency: "unbounded", discard: true })
  )
  return {
    api: api.address,
    metrics: worker.address,
    died: Effect.raceAllFirst(processes.map(({ died }) => died))
  } satisfies Platform
})
