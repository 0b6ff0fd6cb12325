/**
 * P3: strangers who claim that their requests are sampled, and services whose claims are believed.
 *
 * Real requests to a real server, with the spans that arrive at an exporter counted.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { type SpanData, TracedServer, Tracing } from "@gorax/tracing"
import { ConfigProvider, Effect, Layer } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import * as NetAddress from "effect/net/NetAddress"
import { Agent, createServer, request } from "node:http"
import type { Bar } from "./Bar.ts"

const secret = "a-secret-between-services"
const connections = 16

/** The ids that the request with this number claims. */
const traceIdOf = (kind: string, index: number): string => kind + index.toString(16).padStart(32 - kind.length, "0")
const spanId = "b".repeat(16)

const send = (agent: Agent, port: number, headers: Readonly<Record<string, string>>): Promise<void> =>
  new Promise((resolve, reject) => {
    const sent = request({ agent, port, host: "127.0.0.1", path: "/orders/1", headers }, (response) =>
      response.on("end", resolve).resume()
    )
    sent.on("error", reject).end()
  })

/** Sends that many requests over connections that stay open. */
const sendAll = (port: number, count: number, headersOf: (index: number) => Readonly<Record<string, string>>) =>
  Effect.promise(async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: connections })
    let next = 0
    const connection = async (): Promise<void> => {
      while (next < count) await send(agent, port, headersOf(next++))
    }
    await Promise.all(Array.from({ length: connections }, connection))
    agent.destroy()
  })

const routes = HttpRouter.add(
  "GET",
  "/orders/:id",
  Effect.as(Effect.void.pipe(Effect.withSpan("work")), HttpServerResponse.text("ok"))
)

/** The spans of the server that were recorded while the requests were answered. */
const recorded = (count: number, kind: string, headers: Readonly<Record<string, string>>) => {
  const spans: Array<SpanData> = []
  const tracing = Tracing.layerConfig({
    exporters: [{ export: (batch: ReadonlyArray<SpanData>) => Effect.sync(() => void spans.push(...batch)) }]
  }).pipe(
    Layer.provide(
      ConfigProvider.layer(
        ConfigProvider.fromUnknown({
          TRACING_ENABLED: "true",
          TRACING_EXPORTER: "none",
          TRACING_SAMPLE_RATE: "0.01",
          TRACING_BATCH_QUEUE_SIZE: "100000",
          TRACING_TRUST: "public",
          TRACING_TRUST_SECRET: secret
        })
      )
    )
  )
  const server = HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }).pipe(
    Layer.provideMerge(TracedServer.layer),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
    Layer.fresh
  )
  return Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer
    yield* sendAll((address as NetAddress.InetAddress).port, count, (index) => ({
      traceparent: `00-${traceIdOf(kind, index)}-${spanId}-01`,
      tracestate: "claimed=1",
      ...headers
    }))
  }).pipe(
    Effect.provide(server),
    Effect.provide(Layer.fresh(tracing)),
    Effect.map(() => spans.filter((span) => span.kind === "server"))
  )
}

const isForced = (span: SpanData): boolean => span.traceId.startsWith("cccc") || span.traceState.includes("claimed")

const isLinked = (span: SpanData): boolean =>
  span.links.length === 1 && span.links[0]!.span.traceId.startsWith("cccc") && span.links[0]!.span.spanId === spanId

export const measure = (requests: number) =>
  Effect.gen(function* () {
    const strangers = yield* recorded(requests, "cccc", {})
    const services = yield* recorded(requests / 10, "dddd", { "x-tracing-trust": secret })
    const share = strangers.length / requests
    const forced = strangers.filter(isForced).length
    const unlinked = strangers.filter((span) => !isLinked(span)).length
    const continued = services.filter((span) => span.traceId.startsWith("dddd")).length / (requests / 10)
    const bars: ReadonlyArray<Bar> = [
      {
        bar: "P3",
        name: `${requests} public requests claiming sampled=1, recorded at 1 %`,
        figure: Number((share * 100).toFixed(2)),
        unit: "%",
        bound: "more than 0, at most 2",
        ok: share > 0 && share <= 0.02
      },
      { bar: "P3", name: "trace ids forced", figure: forced, unit: "", bound: "0", ok: forced === 0 },
      { bar: "P3", name: "recorded without their link", figure: unlinked, unit: "", bound: "0", ok: unlinked === 0 },
      {
        bar: "P3",
        name: "trusted requests continued",
        figure: continued * 100,
        unit: "%",
        bound: "100",
        ok: continued === 1
      }
    ]
    return bars
  })
