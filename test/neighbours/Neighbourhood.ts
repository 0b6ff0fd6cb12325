import * as Otel from "@opentelemetry/api"
import { type SpanData, type SpanExporter, Tracing } from "@gorax/tracing"
import { Effect } from "effect"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

/** What instrumentation of OpenTelemetry's has in common. */
export interface Instrumentation {
  readonly enable: () => void
  readonly disable: () => void
  readonly setTracerProvider: (provider: Otel.TracerProvider) => void
}

/** Spans as they arrive at an exporter of ours. */
export const remembering = () => {
  const spans: Array<SpanData> = []
  const exporter: SpanExporter = { export: (batch) => Effect.sync(() => void spans.push(...batch)) }
  return { spans, exporter }
}

/** Runs a program under tracing and gives what was exported: each span, drawn under its parent, in order of beginning. */
export const traced = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  options: Tracing.TracingOptions = {},
  instrumentations: ReadonlyArray<Instrumentation> = []
) =>
  Effect.gen(function* () {
    const { exporter, spans } = remembering()
    const value = yield* Effect.suspend(() => {
      for (const instrumentation of instrumentations) instrumentation.setTracerProvider(Otel.trace.getTracerProvider())
      return self
    }).pipe(Effect.provide(Tracing.layer({ exporter: "none", exporters: [exporter], ...options })))
    return { value, spans, tree: draw(spans) }
  })

interface Drawn {
  readonly name: string
  readonly kind: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly startTime: bigint
}

/** A tree of names: `work > GET client > GET server`, one line a span, indented below its parent. */
export const draw = (spans: ReadonlyArray<Drawn>): string => {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const lines: Array<string> = []
  const visit = (parentId: string | undefined, depth: number) => {
    const children = spans
      .filter(({ parentSpanId }) =>
        parentId === undefined ? parentSpanId === undefined || !known.has(parentSpanId) : parentSpanId === parentId
      )
      .sort((a, b) => Number(a.startTime - b.startTime))
    for (const { kind, name, spanId } of children) {
      lines.push(`${"  ".repeat(depth)}${name}${kind === "internal" ? "" : ` (${kind})`}`)
      visit(spanId, depth + 1)
    }
  }
  visit(undefined, 0)
  return lines.join("\n")
}

/** What one request brought, header by header. */
export interface Received {
  readonly headers: IncomingMessage["headers"]
  /** Every header as often as it was on the wire. */
  readonly names: ReadonlyArray<string>
}

/** A server of somebody else's, on loopback, that remembers what it was sent. */
export const outside = (
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => void response.end("ok")
) =>
  Effect.gen(function* () {
    const received: Array<Received> = []
    const server = createServer((request, response) => {
      const names = request.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
      received.push({ headers: request.headers, names })
      answer(request, response)
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
  })

/** The one request that arrived, with its trace headers counted. */
export const only = (received: ReadonlyArray<Received>): Received & { readonly traceparents: number } => {
  if (received.length !== 1) throw new Error(`${received.length} requests arrived`)
  const [request] = received as [Received]
  return { ...request, traceparents: request.names.filter((name) => name === "traceparent").length }
}
