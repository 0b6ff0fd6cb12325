/**
 * Collects over gRPC, or does what the script says instead.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as GrpcReceiver from "../receiver/GrpcReceiver.ts"
import * as OtlpResponse from "../receiver/OtlpResponse.ts"
import * as Collecting from "./Collecting.ts"
import * as Fault from "./Fault.ts"

/** Answers one call. */
export const answer = Effect.fnUntraced(function* (
  collecting: Collecting.Collecting,
  { headers, path, receive, stream }: GrpcReceiver.GrpcCall
): Effect.fn.Return<GrpcReceiver.GrpcOutcome> {
  const seen = {
    protocol: "grpc",
    method: "POST",
    path,
    headers: headers as Readonly<Record<string, string | undefined>>,
    encoding: "protobuf"
  } as const
  const respond = (outcome: GrpcReceiver.GrpcOutcome) =>
    Effect.as(Collecting.record(collecting, seen, outcome.status), outcome)
  const leave = Collecting.record(collecting, seen, undefined)

  const fault = Collecting.nextFault(collecting, seen.headers)
  if (fault?._tag === "Hang") return yield* Effect.andThen(leave, Effect.never)
  if (fault?._tag === "Reset" && fault.when === "request") {
    yield* leave
    stream.session?.destroy()
    return yield* Effect.never
  }
  if (fault?._tag === "Status") {
    const retryAfter = fault.headers["retry-after"]
    return yield* respond({
      status: Fault.grpcCode(fault.status),
      message: Fault.told(fault.status),
      retryAfterMillis: retryAfter === undefined ? undefined : Number(retryAfter) * 1000
    })
  }
  if (path !== GrpcReceiver.path) return yield* respond({ status: Fault.grpcCode(404) })

  const taken = yield* Collecting.take(collecting, receive, fault)
  if (fault?._tag === "Reset") {
    yield* leave
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true })
    stream.write(Buffer.alloc(1), () => stream.session?.destroy())
    return yield* Effect.never
  }
  return yield* respond(
    Result.isSuccess(taken)
      ? { status: 0, body: OtlpResponse.toProtobuf(taken.success) }
      : GrpcReceiver.fromError(taken.failure)
  )
})
