import type { SpanData } from "../../src/model/SpanData.ts"

export const resource = { attributes: { "service.name": "test" } }
export const scope = { name: "test", version: "1" }

let lastId = 0

/** A finished span of one millisecond that says nothing but what it is given. */
export const make = (
  span: Partial<Omit<SpanData, "attributes">> & { readonly attributes?: Record<string, any> }
): SpanData => ({
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: (++lastId).toString(16).padStart(16, "0"),
  traceFlags: 3,
  traceState: "",
  parentSpanId: undefined,
  parentIsRemote: false,
  name: "span",
  kind: "internal",
  startTime: 1_700_000_000_000_000_000n,
  endTime: 1_700_000_000_001_000_000n,
  droppedAttributes: 0,
  events: [],
  droppedEvents: 0,
  links: [],
  droppedLinks: 0,
  statusCode: "unset",
  statusMessage: "",
  resource,
  scope,
  ...span,
  attributes: new Map(Object.entries(span.attributes ?? {}))
})
