/**
 * The span of one request that a server answers: where it belongs, and how it ends.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { causeResponse, isHttpServerError } from "effect/http/HttpServerError"
import { type HttpServerResponse, isHttpServerResponse } from "effect/http/HttpServerResponse"
import * as Tracer from "effect/Tracer"
import { isOff } from "../internal/spanCombinator.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as Failure from "../model/Failure.ts"
import { HttpRecording } from "../model/HttpRecording.ts"
import { CurrentBaggage } from "../model/References.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as SpanOpener from "../model/SpanOpener.ts"
import * as Carrier from "../propagation/Carrier.ts"
import * as Ingress from "../propagation/Ingress.ts"
import * as HttpSpan from "./HttpSpan.ts"
import * as IncomingRequest from "./IncomingRequest.ts"
import * as RecordedHeaders from "./RecordedHeaders.ts"
import * as RequestMethod from "./RequestMethod.ts"

/** Runs what answers a request in the request's span; without one where tracing is off, but in the sender's context. */
export const around = <A, E, R>(
  fiber: Fiber.Fiber<unknown, unknown>,
  request: IncomingRequest.IncomingRequest,
  app: Effect.Effect<A, E, R>,
  conclude: SpanOpener.Conclude
): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> => {
  const incoming = Ingress.receive(fiber, request.headers, () => IncomingRequest.senderOf(request))
  if (isOff(fiber)) return Carrier.continueWith(app, incoming.continued)
  const { continued } = incoming
  const ignored = fiber.getRef(HttpRecording).ignores?.(IncomingRequest.pathOf(request.url)) === true
  const answered = (current: Fiber.Fiber<unknown, unknown>) =>
    HttpSpan.use(current, app, {
      name: RequestMethod.spanName(request.method),
      kind: "server",
      conclude,
      ...placeOf(current, incoming),
      ...(ignored ? { sampled: false } : { attributes: IncomingRequest.attributes(request, current) })
    })
  const isSurrounded = continued.denied === true || continued.baggage.size > 0 || fiber.getRef(CurrentBaggage).size > 0
  return isSurrounded ? Carrier.surround(Effect.withFiber(answered), continued) : answered(fiber)
}

/**
 * Under whoever sent the request; or, where other instrumentation has opened a server span for it, under that. A sender
 * that is not believed is only linked to, also where other instrumentation has believed it.
 */
const placeOf = (
  fiber: Fiber.Fiber<unknown, unknown>,
  { claimed, continued }: Ingress.Incoming
): Pick<SpanOpener.SpanSpec, "parent" | "root" | "links"> => {
  if (claimed !== undefined)
    return { root: true, links: [{ span: SpanContext.toExternalSpan(claimed), attributes: {} }] }
  const parent =
    SpanOpener.fromTracer(fiber.getRef(Tracer.Tracer))?.receiving?.() ??
    (continued.span && SpanContext.toExternalSpan(continued.span))
  return parent === undefined ? { root: true } : { parent }
}

/** What a server answered, as far as it is known. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | number | undefined>>
  readonly size: number | undefined
  /** What went wrong, if anything did. */
  readonly failure: Cause.Cause<unknown> | undefined
  /** True where nothing went wrong but somebody went away. */
  readonly interrupted: boolean
  /** True where the response had begun and was not finished. */
  readonly cut: boolean
}

/**
 * Writes the answer, and says how the span ends: 5xx is an error, by the failure's type or else by the status. A failure
 * that is answered below 500, such as a route that is not found, is none, and neither is a client that goes away.
 */
export const ending = (
  span: Tracer.Span,
  method: string,
  route: unknown,
  answer: Answer,
  fiber: Fiber.Fiber<unknown, unknown>
): Exit.Exit<unknown, unknown> => {
  const { cut, failure, interrupted, status } = answer
  HttpSpan.nameByRoute(span, RequestMethod.spanName(method), route, fiber)
  HttpSpan.writeStatus(span, status, fiber)
  const recording = fiber.getRef(HttpRecording)
  if (recording.bodySizes && answer.size !== undefined) {
    span.attribute(AttributeKeys.httpResponseBodySize, answer.size)
  }
  if (recording.responseHeaders.length > 0) {
    const set = (key: string, value: unknown) => span.attribute(key, value)
    RecordedHeaders.write(set, AttributeKeys.httpResponseHeader, recording.responseHeaders, answer.headers, fiber)
  }
  if (failure !== undefined && (status >= 500 || cut)) {
    span.attribute(AttributeKeys.errorType, typeOf(Cause.squash(failure)))
    return Exit.failCause(failure)
  }
  if (status >= 500) return HttpSpan.failedWithStatus(span, status, fiber)
  return interrupted ? Exit.interrupt() : Exit.void
}

const typeOf = (error: unknown): string =>
  isHttpServerError(error) ? error.reason._tag : Failure.fromUnknown(error).type

/** What an Effect app answered. */
export const answerFrom = (exit: Exit.Exit<HttpServerResponse, unknown>, request: object): Answer => {
  if (Exit.isSuccess(exit)) return answered(exit.value, undefined, false, undefined)
  const { cause } = exit
  const failure = failureOf(cause)
  const interrupted = failure === undefined && cause.reasons.some(Cause.isInterruptReason)
  return answered(responseTo(cause), failure, interrupted, begunOf(request))
}

const answered = (
  response: HttpServerResponse | undefined,
  failure: Answer["failure"],
  interrupted: boolean,
  begun: Pick<Answer, "status" | "cut"> | undefined
): Answer => ({
  status: begun?.status ?? response?.status ?? 500,
  headers: response?.headers ?? {},
  size: RecordedHeaders.sizeFrom(response?.headers["content-length"] ?? bodyLength(response)),
  failure,
  interrupted,
  cut: begun?.cut ?? false
})

const bodyLength = (response: HttpServerResponse | undefined): number | undefined =>
  response !== undefined && "contentLength" in response.body ? response.body.contentLength : undefined

/**
 * The response that a failure was answered with; where nothing has answered yet, the one that Effect will answer with.
 * An error that says only asynchronously how to respond, or cannot, is taken for the 500 that it mostly is.
 */
const responseTo = (cause: Cause.Cause<unknown>): HttpServerResponse | undefined => {
  const sent = cause.reasons.findLast((reason) => Cause.isDieReason(reason) && isHttpServerResponse(reason.defect))
  if (sent !== undefined) return (sent as Cause.Die).defect as HttpServerResponse
  const exit = Effect.runSyncExit(Effect.suspend(() => causeResponse(cause)))
  return Exit.isSuccess(exit) ? exit.value[0] : undefined
}

/** What went wrong, without the response that Effect puts into a cause when it has answered. */
const failureOf = (cause: Cause.Cause<unknown>): Cause.Cause<unknown> | undefined => {
  const reason =
    cause.reasons.find(Cause.isFailReason) ??
    cause.reasons.find((reason) => Cause.isDieReason(reason) && !isHttpServerResponse(reason.defect))
  return reason === undefined ? undefined : Cause.fromReasons([reason])
}

/** What Node's server knows of an answer that has begun; other servers do not tell. */
interface NodeRequest {
  readonly upgradedResponse?: { readonly status?: unknown } | undefined
  readonly response?:
    | { readonly headersSent?: unknown; readonly statusCode?: unknown; readonly writableEnded?: unknown }
    | undefined
}

/** What a client has been sent already, whatever happened afterwards. */
const begunOf = ({ response, upgradedResponse }: NodeRequest): Pick<Answer, "status" | "cut"> | undefined => {
  if (typeof upgradedResponse?.status === "number") return { status: upgradedResponse.status, cut: true }
  return response?.headersSent === true && typeof response.statusCode === "number"
    ? { status: response.statusCode, cut: response.writableEnded === false }
    : undefined
}
