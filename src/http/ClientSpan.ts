/**
 * The span of one request that a client sends: what it says, and how it ends.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import { isHttpClientError } from "effect/http/HttpClientError"
import * as Schedule from "effect/Schedule"
import * as Tracer from "effect/Tracer"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { HttpRecording } from "../model/HttpRecording.ts"
import { AttributeProfile } from "../model/References.ts"
import { redactUrl } from "../model/SensitiveKeys.ts"
import { Leaf } from "../model/SpanHints.ts"
import * as SpanOpener from "../model/SpanOpener.ts"
import * as HttpSpan from "./HttpSpan.ts"
import * as RecordedHeaders from "./RecordedHeaders.ts"
import * as RequestMethod from "./RequestMethod.ts"

/** A request as it goes out, whoever sends it. */
export interface OutgoingRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly size: number | undefined
}

/** Its answer. */
export interface ResponseHead {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
}

/** The template of the requests that the fiber sends. */
const CurrentTemplate = Context.Reference<string | undefined>("@gorax/tracing/http/TracedClient/CurrentTemplate", {
  defaultValue: () => undefined
})

/**
 * Names the requests of an effect by the template of their path, such as `/users/{id}`. All requests that the effect
 * sends are named so; put it around one.
 */
export const withTemplate: {
  (template: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, template: string): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, template: string): Effect.Effect<A, E, R> =>
  Effect.provideService(self, CurrentTemplate, template)
)

type End = (exit: Exit.Exit<unknown, unknown>) => void

/** Spans that wait for their bodies to be read. */
const Reading = Context.Reference<Array<End> | undefined>("@gorax/tracing/http/TracedClient/Reading", {
  defaultValue: () => undefined
})

/**
 * Keeps the spans of an effect's requests open until the effect is done, having read their bodies.
 *
 * A request's span otherwise ends when its response begins. Put it around a request and what reads its body; a body that
 * fails or is cut off is then an error of the request.
 *
 * ```ts
 * client.get(url).pipe(Effect.flatMap((response) => response.text), TracedClient.untilRead)
 * ```
 */
export const untilRead = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const waiting: Array<End> = []
    return Effect.onExit(Effect.provideService(self, Reading, waiting), (exit) =>
      Effect.sync(() => {
        for (const end of waiting) end(exit)
      })
    )
  })

/** `fetch` and its like may be instrumented too: neither a second span nor second headers for one request. */
const leaf = Context.make(Leaf, true)

/** How often what is retried was sent before. Passes of a bare repeat are none: they follow no failure. */
const resendCountOf = (fiber: Fiber.Fiber<unknown, unknown>): number | undefined => {
  const { attempt, input } = fiber.getRef(Schedule.CurrentMetadata)
  return attempt > 0 && input instanceof Error ? attempt : undefined
}

const attributesOf = (fiber: Fiber.Fiber<unknown, unknown>, request: OutgoingRequest): Record<string, unknown> => {
  const { headers, method, size, url } = request
  const recording = fiber.getRef(HttpRecording)
  const written: Record<string, unknown> = {
    ...RequestMethod.attributes(method),
    [AttributeKeys.urlFull]: redactUrl(url),
    [AttributeKeys.urlTemplate]: fiber.getRef(CurrentTemplate),
    [AttributeKeys.serverAddress]: url.hostname.replace(/^\[|\]$/g, ""),
    [AttributeKeys.serverPort]: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port),
    [AttributeKeys.httpRequestResendCount]: resendCountOf(fiber),
    [AttributeKeys.oldHttpMethod]: fiber.getRef(AttributeProfile) === "gorax" ? method : undefined
  }
  if (recording.bodySizes) written[AttributeKeys.httpRequestBodySize] = size
  if (recording.requestHeaders.length > 0) {
    const set = (key: string, value: unknown) => (written[key] = value)
    RecordedHeaders.write(set, AttributeKeys.httpRequestHeader, recording.requestHeaders, headers, fiber)
  }
  return written
}

const concluding =
  <A>(headOf: (answer: A) => ResponseHead): SpanOpener.Conclude =>
  (span, exit, fiber) => {
    if (Exit.isFailure(exit)) {
      const error = exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error
      if (isHttpClientError(error)) span.attribute(AttributeKeys.errorType, error.reason._tag)
      return exit
    }
    const { headers, status } = headOf(exit.value as A)
    HttpSpan.writeStatus(span, status, fiber)
    const recording = fiber.getRef(HttpRecording)
    if (recording.bodySizes) {
      const size = RecordedHeaders.sizeFrom(headers["content-length"])
      if (size !== undefined) span.attribute(AttributeKeys.httpResponseBodySize, size)
    }
    if (recording.responseHeaders.length > 0) {
      const set = (key: string, value: unknown) => span.attribute(key, value)
      RecordedHeaders.write(set, AttributeKeys.httpResponseHeader, recording.responseHeaders, headers, fiber)
    }
    return status >= 400 ? HttpSpan.failedWithStatus(span, status, fiber) : Exit.void
  }

/** Sends a request in a span of its own. */
export const around = <A, E, R>(
  fiber: Fiber.Fiber<unknown, unknown>,
  request: OutgoingRequest,
  send: Effect.Effect<A, E, R>,
  headOf: (answer: A) => ResponseHead
): Effect.Effect<A, E, R> => {
  const template = fiber.getRef(CurrentTemplate)
  const method = RequestMethod.spanName(request.method)
  const spec: SpanOpener.SpanSpec = {
    name: template === undefined ? method : `${method} ${template}`,
    kind: "client",
    attributes: attributesOf(fiber, request),
    annotations: leaf,
    conclude: concluding(headOf)
  }
  const waiting = fiber.getRef(Reading)
  return waiting === undefined ? HttpSpan.use(fiber, send, spec) : keptOpen(send, spec, waiting)
}

/** Leaves the span of a request that was answered to those who wait for its body. */
const keptOpen = <A, E, R>(
  send: Effect.Effect<A, E, R>,
  spec: SpanOpener.SpanSpec,
  waiting: Array<End>
): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.makeSpan(spec.name, spec as Tracer.SpanOptionsNoTrace), (span) =>
      Effect.onExit(restore(Effect.provideService(send, Tracer.ParentSpan, span)), (exit) =>
        Effect.withFiber((fiber) => {
          const conclusion = SpanOpener.concluded(spec.conclude, span, exit, fiber)
          const end: End = (last) => span.end(SpanOpener.nowUnsafe(fiber), isAboutBody(last) ? last : conclusion)
          if (Exit.isSuccess(exit)) waiting.push(end)
          else end(exit)
          return Effect.void
        })
      )
    )
  )

/** True when what failed, or was interrupted, is the request and not what was made of it. */
const isAboutBody = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) &&
  exit.cause.reasons.some(
    (reason) => reason._tag === "Interrupt" || (reason._tag === "Fail" && isHttpClientError(reason.error))
  )
