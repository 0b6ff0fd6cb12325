/** Spans for the viewer's tests, told in a line each. */
import type { AttributeValue } from "../../src/model/Attributes.ts"
import type { ReceivedLog } from "../../src/receiver/ReceivedLog.ts"
import type { ReceivedSpan } from "../../src/receiver/ReceivedSpan.ts"

export interface SpanLine {
  readonly id: number
  readonly parent?: number
  readonly trace?: number
  readonly name: string
  readonly service?: string
  readonly kind?: ReceivedSpan["kind"]
  /** Milliseconds. */
  readonly from?: number
  readonly to?: number
  readonly attributes?: Record<string, AttributeValue>
  readonly error?: string
  readonly remote?: boolean
}

const resources = new Map<string, ReceivedSpan["resource"]>()

const resourceOf = (service: string): ReceivedSpan["resource"] => {
  const known = resources.get(service)
  if (known !== undefined) return known
  const made = { attributes: { "service.name": service } }
  resources.set(service, made)
  return made
}

export const traceId = (trace: number): string => trace.toString(16).padStart(32, "0")
export const spanId = (span: number): string => span.toString(16).padStart(16, "0")

const millis = (value: number): bigint => 1_700_000_000_000_000_000n + BigInt(Math.round(value * 1e6))

export const span = (line: SpanLine): ReceivedSpan => ({
  traceId: traceId(line.trace ?? 1),
  spanId: spanId(line.id),
  traceFlags: 1,
  traceState: "",
  parentSpanId: line.parent === undefined ? undefined : spanId(line.parent),
  parentIsRemote: line.remote ?? false,
  name: line.name,
  kind: line.kind ?? "internal",
  startTime: millis(line.from ?? 0),
  endTime: millis(line.to ?? 1),
  attributes: new Map(Object.entries(line.attributes ?? {})),
  droppedAttributes: 0,
  events: [],
  droppedEvents: 0,
  links: [],
  droppedLinks: 0,
  statusCode: line.error === undefined ? "unset" : "error",
  statusMessage: line.error ?? "",
  resource: resourceOf(line.service ?? "api"),
  scope: { name: "test", version: "" }
})

/** An order over three services: a retried payment, and a shipment that fails. */
export const order: ReadonlyArray<ReceivedSpan> = [
  {
    id: 1,
    name: "POST /api/v1/workflows/:id/execute",
    kind: "server",
    from: 0,
    to: 12.4,
    attributes: { "http.request.method": "POST", "http.response.status_code": 202 }
  },
  {
    id: 2,
    parent: 1,
    name: "queue.publish",
    kind: "producer",
    from: 4,
    to: 7.1,
    attributes: { "queue.name": "executions" }
  },
  {
    id: 3,
    parent: 2,
    remote: true,
    name: "queue.process_message",
    kind: "consumer",
    service: "worker",
    from: 31,
    to: 1240,
    attributes: { "queue.name": "executions" },
    error: "the carrier does not ship to islands"
  },
  {
    id: 4,
    parent: 3,
    name: "workflow.execute",
    service: "worker",
    from: 32,
    to: 1239,
    attributes: { workflow_id: "fulfil-order", "error.type": "ShipmentRefused" },
    error: "the carrier does not ship to islands"
  },
  {
    id: 5,
    parent: 4,
    name: "workflow.parallel.branch",
    service: "worker",
    from: 33,
    to: 240,
    attributes: { "parallel.branch.name": "stock" }
  },
  {
    id: 6,
    parent: 5,
    name: "workflow.step.execute",
    service: "worker",
    from: 33.1,
    to: 239,
    attributes: { node_id: "reserve-stock" }
  },
  {
    id: 7,
    parent: 6,
    name: "GET",
    kind: "client",
    service: "worker",
    from: 34,
    to: 238,
    attributes: {
      "http.request.method": "GET",
      "url.full": "http://127.0.0.1:4101/stock/42?key=secret",
      "http.response.status_code": 200
    }
  },
  {
    id: 8,
    parent: 7,
    remote: true,
    name: "GET /stock/:sku",
    kind: "server",
    service: "services",
    from: 36,
    to: 236,
    attributes: { "http.request.method": "GET", "http.response.status_code": 200 }
  },
  {
    id: 9,
    parent: 4,
    name: "workflow.parallel.branch",
    service: "worker",
    from: 33,
    to: 530,
    attributes: { "parallel.branch.name": "receipt" }
  },
  {
    id: 10,
    parent: 9,
    name: "workflow.retry.attempt",
    service: "worker",
    from: 33.2,
    to: 136,
    attributes: { node_id: "charge-card", "retry.attempt": 1, "error.type": "declined" },
    error: "the bank said no"
  },
  {
    id: 11,
    parent: 9,
    name: "workflow.retry.attempt",
    service: "worker",
    from: 337,
    to: 529,
    attributes: { node_id: "charge-card", "retry.attempt": 2 }
  },
  {
    id: 12,
    parent: 4,
    name: "workflow.loop.iteration",
    service: "worker",
    from: 531,
    to: 1238,
    attributes: { "loop.item_variable": "line", "loop.iteration.index": 0, "error.type": "ShipmentRefused" },
    error: "the carrier does not ship to islands"
  },
  {
    id: 13,
    parent: 4,
    name: "workflow.loop.iteration",
    service: "worker",
    from: 531,
    to: 1238,
    attributes: { "loop.item_variable": "line", "loop.iteration.index": 1, "effect.fiber.interrupted": true }
  }
].map((line) => span(line as SpanLine))

export interface LogLine {
  readonly trace?: number
  /** The span it was written in. */
  readonly in?: number
  /** Milliseconds. */
  readonly at?: number
  readonly level?: "debug" | "info" | "warn" | "error"
  readonly text: string
  readonly attributes?: Record<string, AttributeValue>
  readonly service?: string
}

const severities = { debug: 5, info: 9, warn: 13, error: 17 }

export const log = (line: LogLine): ReceivedLog => ({
  time: millis(line.at ?? 0),
  severityNumber: severities[line.level ?? "info"],
  severityText: (line.level ?? "info").toUpperCase(),
  body: line.text,
  attributes: line.attributes ?? {},
  droppedAttributes: 0,
  traceId: traceId(line.trace ?? 1),
  traceFlags: 1,
  ...(line.in === undefined ? undefined : { spanId: spanId(line.in) }),
  resource: resourceOf(line.service ?? "worker"),
  scope: { name: "test", version: "" }
})
