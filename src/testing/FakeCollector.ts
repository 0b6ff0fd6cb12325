/**
 * A collector for tests: a real OTLP receiver on a free port of this machine.
 *
 * For what only the wire can show: that an exporter sent the right bytes, to
 * the right path, with the right headers, and what it does when it is refused.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type { ServeError } from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as LoopbackServer from "../receiver/LoopbackServer.ts"
import * as OtlpBody from "../receiver/OtlpBody.ts"
import * as OtlpReceiver from "../receiver/OtlpReceiver.ts"
import * as OtlpResponse from "../receiver/OtlpResponse.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"

export type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"

/** One request as it came, whatever became of it. */
export interface CollectedRequest {
  readonly method: string
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** `undefined` for a content type that is not OTLP's. */
  readonly encoding: OtlpBody.OtlpEncoding | undefined
  /** What it was answered with. */
  readonly status: number
}

export class FakeCollector extends Context.Service<
  FakeCollector,
  {
    /** Its base address, for example `http://127.0.0.1:40123`; an exporter adds `/v1/traces`. */
    readonly url: string
    /** Every span that was taken, in the order of arrival. */
    readonly spans: Effect.Effect<ReadonlyArray<ReceivedSpan>>
    /** Every request that was answered, those that were refused too. */
    readonly requests: Effect.Effect<ReadonlyArray<CollectedRequest>>
    /** Waits until so many spans were taken. */
    readonly awaitSpans: (count: number) => Effect.Effect<ReadonlyArray<ReceivedSpan>>
    /** Waits until so many requests were answered. */
    readonly awaitRequests: (count: number) => Effect.Effect<ReadonlyArray<CollectedRequest>>
    /** Answers the next requests with this status instead of taking their spans. Scripts queue up. */
    readonly respondWith: (status: number, options?: ScriptedAnswer) => Effect.Effect<void>
  }
>()("@gorax/tracing/testing/FakeCollector") {}

export interface ScriptedAnswer {
  /** How many requests, default 1. */
  readonly times?: number | undefined
  /** For example `{ "retry-after": "1" }`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, never, HttpServerRequest.HttpServerRequest>

const await_ = <A>(
  ref: SubscriptionRef.SubscriptionRef<ReadonlyArray<A>>,
  count: number
): Effect.Effect<ReadonlyArray<A>> =>
  SubscriptionRef.changes(ref).pipe(
    Stream.filter((all) => all.length >= count),
    Stream.runHead,
    Effect.flatMap(() => SubscriptionRef.get(ref))
  )

const make = Effect.gen(function* () {
  const spans = yield* SubscriptionRef.make<ReadonlyArray<ReceivedSpan>>([])
  const requests = yield* SubscriptionRef.make<ReadonlyArray<CollectedRequest>>([])
  const script: Array<Answer> = []

  const take: Answer = OtlpReceiver.handle((received) =>
    SubscriptionRef.update(spans, (before) => [...before, ...received])
  )

  const answer = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const [path = ""] = request.url.split("?")
    const scripted = script.shift()
    const isOtlp = request.method === "POST" && path.endsWith(OtlpReceiver.path)
    const response = yield* scripted ?? (isOtlp ? take : Effect.succeed(HttpServerResponse.empty({ status: 404 })))
    const { headers, method } = request
    const encoding = OtlpBody.encodingOf(headers["content-type"])
    yield* SubscriptionRef.update(requests, (before) => [
      ...before,
      { method, path, headers: { ...headers }, encoding, status: response.status }
    ])
    return response
  })

  const { address } = Context.get(
    yield* Layer.build(LoopbackServer.layer(HttpRouter.add("*", "*", answer))),
    HttpServer.HttpServer
  )

  const respondWith = (status: number, { headers = {}, times = 1 }: ScriptedAnswer = {}) =>
    Effect.sync(() => {
      const refuse: Answer = Effect.map(HttpServerRequest.HttpServerRequest, (request) => {
        const encoding = OtlpBody.encodingOf(request.headers["content-type"]) ?? "json"
        const message = `FakeCollector was told to answer ${status}`
        return HttpServerResponse.setHeaders(OtlpResponse.refused(encoding, status, 2, message), headers)
      })
      for (let index = 0; index < times; index++) script.push(refuse)
    })

  return FakeCollector.of({
    url: HttpServer.formatAddress(address),
    spans: SubscriptionRef.get(spans),
    requests: SubscriptionRef.get(requests),
    awaitSpans: (count) => await_(spans, count),
    awaitRequests: (count) => await_(requests, count),
    respondWith
  })
})

/** A collector of its own for each place it is provided. */
export const layer: Layer.Layer<FakeCollector, ServeError> = Layer.fresh(Layer.effect(FakeCollector, make))
