/**
 * The program's metrics as text, with examples that lead to traces.
 *
 * All of its Effect metrics are told: those of the program, the books of
 * tracing, and, with `TRACING_METRICS`, how long workflows and steps took.
 * Needs no tracing layer; without one, and without `TRACING_METRICS`, there
 * are no examples. Costs something only when it is asked.
 *
 * ```ts
 * HttpRouter.serve(Layer.merge(Routes, TracingMetrics.layerHttp()))
 * ```
 *
 * @see docs/correlation.md
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as OpenMetrics from "../metrics/OpenMetrics.ts"
import * as OpenMetricsFormat from "../metrics/OpenMetricsFormat.ts"
import * as Readings from "../metrics/Readings.ts"

/** Metrics as they go over HTTP. */
export interface Exposition {
  readonly contentType: string
  readonly body: string
}

/**
 * Reads all metrics now. `accept` is what the reader's `Accept` header says: OpenMetrics for who names it, else the text
 * that every Prometheus reads, which has no examples.
 */
export const exposition = (accept?: string): Effect.Effect<Exposition> =>
  Effect.contextWith((context) =>
    Effect.sync(() => {
      const format = OpenMetricsFormat.negotiated(accept)
      return {
        contentType: OpenMetricsFormat.contentTypes[format],
        body: OpenMetrics.format(Readings.read(context), format)
      }
    })
  )

export interface HttpOptions {
  /** `/metrics` by default. `TRACING_HTTP_IGNORE` leaves it out of traces. */
  readonly path?: HttpRouter.PathInput
}

/** Answers `GET /metrics`. What is answered tells about tenants and endpoints, so serve it inside. */
export const layerHttp = ({ path = "/metrics" }: HttpOptions = {}): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  HttpRouter.add(
    "GET",
    path,
    Effect.gen(function* () {
      const { headers } = yield* HttpServerRequest.HttpServerRequest
      const { body, contentType } = yield* exposition(headers["accept"])
      return HttpServerResponse.text(body, { contentType })
    })
  )
