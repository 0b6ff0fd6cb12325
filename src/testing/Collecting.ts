/**
 * What a fake collector has seen and taken, and what it is told to do next.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as GrpcReceiver from "../receiver/GrpcReceiver.ts"
import type { OtlpEncoding } from "../receiver/OtlpBody.ts"
import { type OtlpError, tooLarge } from "../receiver/OtlpError.ts"
import type { Received, ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as Fault from "./Fault.ts"

/** One request as it came, whatever became of it. */
export interface CollectedRequest {
  readonly protocol: "http" | "grpc"
  readonly method: string
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** `undefined` for a content type that is not OTLP's. */
  readonly encoding: OtlpEncoding | undefined
  /** The HTTP or gRPC status it was answered with; `undefined` when it was left without an answer. */
  readonly status: number | undefined
}

/** Telemetry that is no span, as it came. */
export interface CollectedMessage {
  readonly signal: "logs" | "metrics"
  readonly protocol: "http" | "grpc"
  readonly encoding: OtlpEncoding
  /** An export request of that signal, inflated, in its encoding. */
  readonly body: Uint8Array
}

export interface Collecting {
  readonly messages: SubscriptionRef.SubscriptionRef<ReadonlyArray<CollectedMessage>>

  readonly spans: SubscriptionRef.SubscriptionRef<ReadonlyArray<ReceivedSpan>>
  readonly requests: SubscriptionRef.SubscriptionRef<ReadonlyArray<CollectedRequest>>
  /** What is still to be done; the first has its turn next. */
  readonly script: Array<{ readonly fault: Fault.Fault; left: number }>
}

export const make: Effect.Effect<Collecting> = Effect.gen(function* () {
  return {
    messages: yield* SubscriptionRef.make<ReadonlyArray<CollectedMessage>>([]),
    spans: yield* SubscriptionRef.make<ReadonlyArray<ReceivedSpan>>([]),
    requests: yield* SubscriptionRef.make<ReadonlyArray<CollectedRequest>>([]),
    script: []
  }
})

/** What is to be done with the next request, which has these headers; `undefined` is to take its spans. */
export const nextFault = (
  { script }: Collecting,
  headers: CollectedRequest["headers"]
): Exclude<Fault.Fault, { readonly _tag: "Requires" }> | undefined => {
  const [next] = script
  if (next !== undefined && --next.left <= 0) script.shift()
  const fault = next?.fault
  if (fault?._tag !== "Requires") return fault
  return headers[fault.header] === fault.value ? undefined : Fault.unauthorized
}

export const record = (
  { requests }: Collecting,
  request: Omit<CollectedRequest, "status">,
  status: number | undefined
): Effect.Effect<void> => SubscriptionRef.update(requests, (before) => [...before, { ...request, status }])

/** What of a request is taken under a fault, and what is said of the rest. */
const limited = (fault: Fault.Fault | undefined, received: Received): Result.Result<Received, OtlpError> => {
  if (fault?._tag === "TooLarge" && received.spans.length > fault.maxSpans) {
    return Result.fail(tooLarge(Fault.tooLargeMessage))
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

/** Takes the spans that a fault leaves; says why when it takes none. */
export const take = <R>(
  { spans }: Collecting,
  receive: Effect.Effect<Received, OtlpError, R>,
  fault: Fault.Fault | undefined
): Effect.Effect<Result.Result<Received, OtlpError>, never, R> =>
  receive.pipe(
    Effect.delay(fault?._tag === "Slow" ? fault.millis : 0),
    Effect.flatMap((received) => Effect.fromResult(limited(fault, received))),
    Effect.tap((received) => SubscriptionRef.update(spans, (before) => [...before, ...received.spans])),
    Effect.result
  )

const signals = { "/v1/logs": "logs", "/v1/metrics": "metrics" } as const

const grpcSignals: Readonly<Record<string, CollectedMessage["signal"]>> = {
  [GrpcReceiver.logsPath]: "logs",
  "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": "metrics"
}

/** What is sent to a path, if it is telemetry other than spans. */
export const signalOf = (path: string): CollectedMessage["signal"] | undefined =>
  grpcSignals[path] ?? Object.entries(signals).find(([end]) => path.endsWith(end))?.[1]

/** Takes a message whole. */
export const takeMessage = <R>(
  { messages }: Collecting,
  read: Effect.Effect<Uint8Array, OtlpError, R>,
  message: Omit<CollectedMessage, "body">,
  fault: Fault.Fault | undefined
): Effect.Effect<Result.Result<void, OtlpError>, never, R> =>
  read.pipe(
    Effect.delay(fault?._tag === "Slow" ? fault.millis : 0),
    Effect.flatMap((body) => SubscriptionRef.update(messages, (before) => [...before, { ...message, body }])),
    Effect.result
  )

/** Waits until there are so many, and gives all there are. */
export const atLeast = <A>(
  ref: SubscriptionRef.SubscriptionRef<ReadonlyArray<A>>,
  count: number
): Effect.Effect<ReadonlyArray<A>> =>
  SubscriptionRef.changes(ref).pipe(
    Stream.filter((all) => all.length >= count),
    Stream.runHead,
    Effect.flatMap(() => SubscriptionRef.get(ref))
  )
