/**
 * One run of every workflow, asked for over the API; and how to go on from there.
 */
import { type Effect, Redacted } from "effect"
import type * as ApiClient from "./ApiClient.ts"
import { sign } from "./WebhookInbox.ts"

type Api = Effect.Success<ReturnType<typeof ApiClient.make>>

export const order = {
  orderId: "A-1001",
  email: "ada@example.com",
  total: 4_990,
  lines: [
    { sku: "teapot", quantity: 1 },
    { sku: "cup", quantity: 4 }
  ]
}

export const signup = { name: "Grace Hopper", email: "grace@example.com" }

export const refund = { orderId: "A-1002" }

export const stops = (api: Api) => [
  {
    title: "An order is fulfilled; its card is declined once, and accepted then",
    ask: api.execute("fulfil-order", order)
  },
  { title: "A webhook announces a customer, who is welcomed", ask: api.deliver("customer-signup", signup) },
  { title: "A refund fails, with good reason", ask: api.execute("refund-order", refund) }
]

export interface TryItOptions {
  readonly api: string
  /** The worker's metrics. */
  readonly metrics: string
  /** The viewer, if the traces go there. */
  readonly traces: string | undefined
  readonly webhookSecret: string
}

/** Lines to copy into another terminal. */
export const tryIt = ({ api, metrics, traces, webhookSecret }: TryItOptions): string => {
  const json = "-H 'content-type: application/json'"
  const event = JSON.stringify({ name: "Alan Turing", email: "alan@example.com" })
  const signature = `-H 'x-gorax-signature: ${sign(Redacted.make(webhookSecret), event)}'`
  const lines = [
    `curl ${api}/api/v1/workflows/fulfil-order/execute ${json} -d '${JSON.stringify({ ...order, orderId: "A-1003" })}'`,
    `curl ${api}/api/v1/workflows/refund-order/execute ${json} -d '${JSON.stringify({ orderId: "A-1003" })}'`,
    `curl ${api}/api/v1/webhooks/customer-signup ${json} ${signature} -d '${event}'`,
    `curl '${api}/api/v1/executions/<executionId>?wait=10'`,
    `curl -H 'accept: application/openmetrics-text' ${metrics} | grep 'workflow_run.*trace_id'`,
    `TRACING_ENABLED=true TRACING_ENDPOINT=${traces ?? "…"} TRACING_HEALTH_URL=${api}/health/tracing npm run --silent cli -- doctor`,
    ...(traces === undefined ? [] : [`curl '${traces}/api/v1/traces?q=error'`])
  ]
  const where = traces === undefined ? "drawn here" : `drawn here and shown on ${traces}`
  return `\nEverything stays up; each new trace is ${where}. Try, in another terminal:\n\n  ${lines.join("\n  ")}\n\nCtrl-C stops it.`
}
