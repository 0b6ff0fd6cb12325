/**
 * A collector for tests: a real OTLP receiver on free ports of this machine, over HTTP and gRPC.
 *
 * For what only the wire can show: that an exporter sent the right bytes, to
 * the right path, with the right headers, and what it does when it is
 * refused, left waiting, cut off, or finds nobody there.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as Tracer from "effect/Tracer"
import * as Http from "node:http"
import * as Http2 from "node:http2"
import * as GrpcReceiver from "../receiver/GrpcReceiver.ts"
import * as OtlpBody from "../receiver/OtlpBody.ts"
import { type OtlpError, tooLarge as tooLargeError } from "../receiver/OtlpError.ts"
import * as OtlpReceiver from "../receiver/OtlpReceiver.ts"
import * as OtlpResponse from "../receiver/OtlpResponse.ts"
import type { Received, ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as Door from "./Door.ts"
import * as Fault from "./Fault.ts"

export type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
export { type Fault, hang, partial, resetRequest, resetResponse, slow, status, tooLarge } from "./Fault.ts"

/** One request as it came, whatever became of it. */
export interface CollectedRequest {
  readonly protocol: "http" | "grpc"
  readonly method: string
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** `undefined` for a content type that is not OTLP's. */
  readonly encoding: OtlpBody.OtlpEncoding | undefined
  /** The HTTP or gRPC status it was answered with; `undefined` when it was left without an answer. */
  readonly status: number | undefined
}

export class FakeCollector extends Context.Service<
  FakeCollector,
  {
    /** Its base address, for example `http://127.0.0.1:40123`; an exporter adds `/v1/traces`. */
    readonly url: string
    /** The same for gRPC. */
    readonly grpcUrl: string
    /** Every span that was taken, in the order of arrival. */
    readonly spans: Effect.Effect<ReadonlyArray<ReceivedSpan>>
    /** Every request, those that were refused too. */
    readonly requests: Effect.Effect<ReadonlyArray<CollectedRequest>>
    /** Waits until so many spans were taken. */
    readonly awaitSpans: (count: number) => Effect.Effect<ReadonlyArray<ReceivedSpan>>
    /** Waits until there were so many requests. */
    readonly awaitRequests: (count: number) => Effect.Effect<ReadonlyArray<CollectedRequest>>
    /** Does this with the next requests, by whatever protocol they come. A number is an HTTP status. Scripts queue up. */
    readonly respondWith: (fault: number | Fault.Fault, options?: ScriptedAnswer) => Effect.Effect<void>
    /** Forgets what is scripted: spans are taken again. */
    readonly recover: Effect.Effect<void>
    /** Stops listening and cuts every connection, as a process that is killed does. */
    readonly stop: Effect.Effect<void>
    /** Listens again, on the same ports, with all it has collected. */
    readonly start: Effect.Effect<void>
  }
>()("@gorax/tracing/testing/FakeCollector") {}

export interface ScriptedAnswer {
  /** How many requests, default 1. `Infinity` lasts until `recover`. */
  readonly times?: number | undefined
  /** Beside a status, for example `{ "retry-after": "1" }`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

type Request = Omit<CollectedRequest, "status">

const await_ = <A>(
  ref: SubscriptionRef.SubscriptionRef<ReadonlyArray<A>>,
  count: number
): Effect.Effect<ReadonlyArray<A>> =>
  SubscriptionRef.changes(ref).pipe(
    Stream.filter((all) => all.length >= count),
    Stream.runHead,
    Effect.flatMap(() => SubscriptionRef.get(ref))
  )

const toldTo = (status: number): string => `FakeCollector was told to answer ${status}`

/** What of a request is taken under a fault, and what is said of the rest. */
const limited = (fault: Fault.Fault | undefined, received: Received): Result.Result<Received, OtlpError> => {
  if (fault?._tag === "TooLarge" && received.spans.length > fault.maxSpans) {
    return Result.fail(tooLargeError(Fault.tooLargeMessage))
  }
  return Result.succeed(
    fault?._tag === "Partial"
      ? {
          spans: received.spans.slice(0, Math.max(0, received.spans.length - fault.rejected)),
          refused: Math.min(fault.rejected, received.spans.length),
          refusal: fault.message
        }
      : received
  )
}

const make = Effect.gen(function* () {
  const spans = yield* SubscriptionRef.make<ReadonlyArray<ReceivedSpan>>([])
  const requests = yield* SubscriptionRef.make<ReadonlyArray<CollectedRequest>>([])
  const script: Array<{ readonly fault: Fault.Fault; left: number }> = []

  const nextFault = (): Fault.Fault | undefined => {
    const [next] = script
    if (next !== undefined && --next.left <= 0) script.shift()
    return next?.fault
  }

  const record = (request: Request, status: number | undefined) =>
    SubscriptionRef.update(requests, (before) => [...before, { ...request, status }])

  /** Takes what the fault leaves; fails with the reason why nothing was taken. */
  const take = <R>(receive: Effect.Effect<Received, OtlpError, R>, fault: Fault.Fault | undefined) =>
    receive.pipe(
      Effect.delay(fault?._tag === "Slow" ? fault.millis : 0),
      Effect.flatMap((received) => Effect.fromResult(limited(fault, received))),
      Effect.tap((received) => SubscriptionRef.update(spans, (before) => [...before, ...received.spans]))
    )

  const overHttp = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const [path = ""] = request.url.split("?")
    const { headers, method } = request
    const encoding = OtlpBody.encodingOf(headers["content-type"])
    const seen: Request = { protocol: "http", method, path, headers: { ...headers }, encoding }
    const answer = (response: HttpServerResponse.HttpServerResponse) =>
      Effect.as(record(seen, response.status), response)

    const fault = nextFault()
    const { socket } = NodeHttpServerRequest.toIncomingMessage(request)
    if (fault?._tag === "Hang") return yield* Effect.andThen(record(seen, undefined), Effect.never)
    if (fault?._tag === "Reset" && fault.when === "request") {
      yield* record(seen, undefined)
      socket.resetAndDestroy()
      return yield* Effect.never
    }
    if (fault?._tag === "Status") {
      const refused = OtlpResponse.refused(encoding ?? "json", fault.status, 2, toldTo(fault.status))
      return yield* answer(HttpServerResponse.setHeaders(refused, fault.headers))
    }
    if (method !== "POST" || !path.endsWith(OtlpReceiver.path)) {
      return yield* answer(HttpServerResponse.empty({ status: 404 }))
    }
    if (encoding === undefined) return yield* answer(HttpServerResponse.empty({ status: 415 }))
    const taken = yield* Effect.result(take(OtlpReceiver.receive(encoding), fault))
    if (fault?._tag === "Reset") {
      yield* record(seen, undefined)
      const response = NodeHttpServerRequest.toServerResponse(request) as Http.ServerResponse
      response.writeHead(200, { "content-length": "100" })
      response.write("{", () => socket.destroy())
      return yield* Effect.never
    }
    return yield* answer(
      Result.isSuccess(taken)
        ? OtlpResponse.accepted(encoding, taken.success)
        : OtlpResponse.fromError(encoding, taken.failure)
    )
  })

  const overGrpc = Effect.fnUntraced(function* ({ headers, path, receive, stream }: GrpcReceiver.GrpcCall) {
    const seen: Request = {
      protocol: "grpc",
      method: "POST",
      path,
      headers: headers as Readonly<Record<string, string | undefined>>,
      encoding: "protobuf"
    }
    const answer = (outcome: GrpcReceiver.GrpcOutcome) => Effect.as(record(seen, outcome.status), outcome)

    const fault = nextFault()
    if (fault?._tag === "Hang") return yield* Effect.andThen(record(seen, undefined), Effect.never)
    if (fault?._tag === "Reset" && fault.when === "request") {
      yield* record(seen, undefined)
      stream.session?.destroy()
      return yield* Effect.never
    }
    if (fault?._tag === "Status") {
      const retryAfter = fault.headers["retry-after"]
      return yield* answer({
        status: Fault.grpcCode(fault.status),
        message: toldTo(fault.status),
        retryAfterMillis: retryAfter === undefined ? undefined : Number(retryAfter) * 1000
      })
    }
    if (path !== GrpcReceiver.path) return yield* answer({ status: 12 })
    const taken = yield* Effect.result(take(receive, fault))
    if (fault?._tag === "Reset") {
      yield* record(seen, undefined)
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true })
      stream.write(Buffer.alloc(1), () => stream.session?.destroy())
      return yield* Effect.never
    }
    return yield* answer(
      Result.isSuccess(taken)
        ? { status: 0, body: OtlpResponse.toProtobuf(taken.success) }
        : GrpcReceiver.fromError(taken.failure)
    )
  })

  // Neither listens itself: a door can be shut and opened, a server of Node only once
  // Requests that are cut off never come to an end in Effect's server, so no scope that is closed may wait for them
  const handler = yield* NodeHttpServer.makeHandler(overHttp, { scope: yield* Scope.make() })
  const http = Http.createServer(handler)
  const http2 = Http2.createServer()
  yield* GrpcReceiver.serve(http2, overGrpc)
  const door = yield* Door.make((socket) => http.emit("connection", socket))
  const grpcDoor = yield* Door.make((socket) => http2.emit("connection", socket))

  return FakeCollector.of({
    url: `http://127.0.0.1:${door.port}`,
    grpcUrl: `http://127.0.0.1:${grpcDoor.port}`,
    spans: SubscriptionRef.get(spans),
    requests: SubscriptionRef.get(requests),
    awaitSpans: (count) => await_(spans, count),
    awaitRequests: (count) => await_(requests, count),
    respondWith: (fault, { headers = {}, times = 1 } = {}) =>
      Effect.sync(() => {
        script.push({ fault: typeof fault === "number" ? Fault.status(fault, headers) : fault, left: times })
      }),
    recover: Effect.sync(() => void script.splice(0)),
    stop: Effect.andThen(door.shut, grpcDoor.shut),
    start: Effect.andThen(door.open, grpcDoor.open)
  })
}).pipe(
  // A collector that traced itself would never come to rest
  Effect.provideService(HttpMiddleware.TracerDisabledWhen, () => true),
  Effect.provideService(Tracer.Tracer, Tracer.nativeTracer)
)

/** A collector of its own for each place it is provided. */
export const layer: Layer.Layer<FakeCollector> = Layer.fresh(Layer.effect(FakeCollector, make))
