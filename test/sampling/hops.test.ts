import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Sampler, type SpanData, TracedClient, TracedServer, TracingHealth } from "@gorax/tracing"
import { Context, Effect, Layer } from "effect"
import { FetchHttpClient, HttpClient, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { createServer, type IncomingMessage, request } from "node:http"
import { exporting } from "./exporting.ts"

/** A service with settings of its own, which calls the next one. */
const service = Effect.fnUntraced(function* (settings: Readonly<Record<string, string>>, next?: string) {
  /** The header lines of every request, as they came. */
  const requests: Array<ReadonlyArray<string>> = []
  const { layer: tracing, spans } = exporting(settings)
  const App = HttpRouter.add(
    "GET",
    "/orders/:id",
    Effect.gen(function* () {
      if (next !== undefined) yield* Effect.flatMap(HttpClient.get(next), ({ text }) => text)
      return HttpServerResponse.text("done")
    })
  )
  const listener = () =>
    createServer().prependListener("request", ({ rawHeaders }: IncomingMessage) => requests.push(rawHeaders))
  const context = yield* Layer.build(
    HttpRouter.serve(App, { disableListenLog: true, disableLogger: true }).pipe(
      Layer.provideMerge(TracedServer.layer),
      Layer.provideMerge(NodeHttpServer.layer(listener, { port: 0, host: "127.0.0.1" })),
      Layer.provideMerge(TracedClient.layer),
      Layer.provideMerge(FetchHttpClient.layer),
      Layer.provideMerge(tracing),
      Layer.fresh
    )
  )
  const origin = yield* HttpServer.addressFormattedWith(Effect.succeed).pipe(Effect.provide(context))
  return {
    url: `${origin}/orders/1`,
    requests,
    /** The server spans that were recorded, once all is said. */
    recorded: Context.get(context, TracingHealth.TracingHealth).flush.pipe(
      Effect.map(() => spans.filter(({ kind }) => kind === "server"))
    )
  }
})

const lines = (headers: ReadonlyArray<string>, name: string): ReadonlyArray<string> =>
  headers.filter((_, index) => index % 2 === 1 && headers[index - 1]!.toLowerCase() === name)

const get = (url: string, headers: Readonly<Record<string, string>>) =>
  Effect.promise(
    () =>
      new Promise<void>((resolve, reject) => {
        request(url, { headers, agent: false }, (response) => response.on("end", resolve).resume())
          .on("error", reject)
          .end()
      })
  )

/** Trace ids whose ends are spread evenly, in an order of their own. */
const traceIds = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => {
    const share = ((index * 0.618_033_988_749_895) % 1) * 2 ** 52
    return (index + 1).toString(16).padStart(18, "0") + `${Math.floor(share).toString(16).padStart(13, "0")}0`
  })

const estimate = (spans: ReadonlyArray<SpanData>): number =>
  spans.reduce((sum, { traceState }) => sum + Sampler.adjustedCount(traceState)!, 0)

const requests = 300

describe("three services with different rates, over HTTP", () => {
  it.live("tell together how many requests there were, and hand one context on", () =>
    Effect.gen(function* () {
      const third = yield* service({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" })
      const second = yield* service({ TRACING_SAMPLE_RATE: "0.9" }, third.url)
      const first = yield* service({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.5" }, second.url)
      yield* Effect.forEach(
        traceIds(requests),
        (id) => get(first.url, { traceparent: `00-${id}-${"1".repeat(16)}-03`, tracestate: "vendor=kept,rojo=1" }),
        { concurrency: 8, discard: true }
      )
      const recorded = yield* Effect.all([first.recorded, second.recorded, third.recorded])
      // Ids are spread evenly, so hardly anything is left to chance
      for (const spans of recorded) assert.approximately(estimate(spans), requests, requests / 20)
      assert.approximately(recorded[0].length, requests / 2, 10)
      assert.approximately(recorded[2].length, requests / 10, 10)

      const idsOf = (spans: ReadonlyArray<SpanData>) => new Set(spans.map(({ traceId }) => traceId))
      const [ofFirst, ofSecond, ofThird] = recorded.map(idsOf) as [Set<string>, Set<string>, Set<string>]
      assert.deepStrictEqual(ofSecond, ofFirst)
      assert.isTrue([...ofThird].every((id) => ofSecond.has(id)))

      for (const { requests: received } of [second, third]) {
        assert.strictEqual(received.length, requests)
        for (const headers of received) {
          const [traceparent, ...more] = lines(headers, "traceparent")
          assert.deepStrictEqual(more, [])
          const sampled = traceparent!.endsWith("-03")
          assert.isTrue(sampled || traceparent!.endsWith("-02"), traceparent)
          assert.deepStrictEqual(lines(headers, "tracestate"), [`${sampled ? "ot=th:8," : ""}vendor=kept,rojo=1`])
        }
      }
      for (const { traceState } of recorded[1]) assert.strictEqual(traceState, "ot=th:8,vendor=kept,rojo=1")
      for (const { traceState } of recorded[2]) assert.strictEqual(traceState, "ot=th:e666,vendor=kept,rojo=1")
    }).pipe(Effect.scoped)
  )

  it.live("agree by the randomness that came along, where trace ids say nothing", () =>
    Effect.gen(function* () {
      const second = yield* service({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.5" })
      const first = yield* service({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.25" }, second.url)
      const send = (trace: number, randomness: string) =>
        get(first.url, {
          traceparent: `00-${trace.toString(16).padStart(32, "0")}-${"1".repeat(16)}-01`,
          tracestate: `ot=rv:${randomness};x:1`
        })
      yield* send(1, "f0000000000000")
      yield* send(2, "90000000000000")
      yield* send(3, "10000000000000")
      const states = (spans: ReadonlyArray<SpanData>) =>
        spans.map(({ traceId, traceState }) => `${Number(traceId)} ${traceState}`).toSorted()
      assert.deepStrictEqual(states(yield* first.recorded), ["1 ot=th:c;rv:f0000000000000;x:1"])
      assert.deepStrictEqual(states(yield* second.recorded), [
        "1 ot=th:8;rv:f0000000000000;x:1",
        "2 ot=th:8;rv:90000000000000;x:1"
      ])
      assert.deepStrictEqual(
        second.requests.map((headers) => lines(headers, "tracestate").join()),
        ["ot=th:c;rv:f0000000000000;x:1", "ot=rv:90000000000000;x:1", "ot=rv:10000000000000;x:1"]
      )
    }).pipe(Effect.scoped)
  )

  it.live("keep 31 members of others beside their own", () =>
    Effect.gen(function* () {
      const second = yield* service({})
      const first = yield* service({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "1" }, second.url)
      const members = Array.from({ length: 32 }, (_, index) => `k${index}=${"v".repeat(20)}`)
      yield* get(first.url, { traceparent: `00-${"1".repeat(32)}-${"1".repeat(16)}-01`, tracestate: members.join(",") })
      assert.deepStrictEqual(lines(second.requests[0]!, "tracestate"), [["ot=th:0", ...members.slice(0, 31)].join(",")])
    }).pipe(Effect.scoped)
  )
})
