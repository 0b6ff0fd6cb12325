import type { SpanData } from "@gorax/tracing"
import * as Tracer from "effect/Tracer"
import * as spans from "../export/spans.ts"

let ids = 0

/** A span as another tracer might have made it, right or wrong; a root of its own unless it is told otherwise. */
export const span = (
  name: string,
  told: Partial<Omit<SpanData, "attributes">> & {
    readonly of?: SpanData
    readonly attributes?: Readonly<Record<string, string | number | boolean | ReadonlyArray<string>>>
    readonly service?: string
  } = {}
): SpanData => {
  const { attributes = {}, of, service = "shop", ...rest } = told
  const id = (++ids).toString(16)
  return spans.make({
    traceId: of?.traceId ?? `e${id.padStart(31, "0")}`,
    spanId: `f${id.padStart(15, "0")}`,
    traceFlags: 1,
    traceState: of?.traceState ?? "",
    parentSpanId: of?.spanId,
    name,
    startTime: of === undefined ? 0n : of.startTime,
    endTime: 10n,
    resource: { attributes: service === "" ? {} : { "service.name": service } },
    scope: { name: "test", version: "" },
    attributes,
    ...rest
  })
}

export const event = (
  name: string,
  attributes: Readonly<Record<string, string | number>> = {},
  time = 5n
): SpanData["events"][number] => ({ name, time, attributes, droppedAttributes: 0 })

/** A link to a span that may be anywhere. */
export const linkTo = ({ spanId, traceId }: SpanData): SpanData["links"][number] => ({
  span: Tracer.externalSpan({ traceId, spanId }),
  attributes: {}
})
