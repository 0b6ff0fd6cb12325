/**
 * The span that everything here is measured with: a step with a parent, five text attributes and one event.
 */
import { Traced } from "@gorax/tracing"
import * as Otel from "@opentelemetry/api"
import { Effect } from "effect"

const name = "workflow.step.execute"
const event = "step.started"

const attributes = {
  tenant_id: "acme",
  workflow_id: "fulfil-order",
  execution_id: "exec-1",
  node_id: "charge-card",
  node_type: "http"
}
const options = { attributes }

/** What every tracer must have made of it. */
export const expected = { name, attributes, events: [event] }

/** The effect inside that does nothing: what a loop of it costs is not the span's. */
export const nothing = Effect.suspend(() => Effect.void)

/** The effect inside a typical step. */
export const body = Traced.event(event)

/** The span through our combinator. */
export const traced = Traced.span(name, options)

/** The span through Effect's own API, at its best: without the stack that it captures otherwise. */
export const spanned = Effect.withSpan(name, options, { captureStackTrace: false })

/** An effect, many times over. */
export const times = (count: number, effect: Effect.Effect<unknown>): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let index = 0; index < count; index++) yield* effect
  })

/** Many times over, under one parent. */
export const underParent = (count: number, effect: Effect.Effect<unknown>): Effect.Effect<void> =>
  Effect.withSpan(times(count, effect), "parent")

/** The same spans without Effect, with what is done in each. */
export const withSdk = (tracer: Otel.Tracer, count: number, inside: (span: Otel.Span) => void = addEvent): void => {
  const parent = tracer.startSpan("parent")
  const context = Otel.trace.setSpan(Otel.ROOT_CONTEXT, parent)
  for (let index = 0; index < count; index++) {
    const span = tracer.startSpan(name, options, context)
    inside(span)
    span.end()
  }
  parent.end()
}

const addEvent = (span: Otel.Span): void => {
  span.addEvent(event)
}
