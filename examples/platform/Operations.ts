/**
 * For who runs the platform: how tracing is doing, and metrics whose examples lead to traces. `TRACING_HTTP_IGNORE` leaves
 * both out of traces.
 */
import { TracingHealth, TracingMetrics } from "@gorax/tracing"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"

export const routes = Layer.merge(
  HttpRouter.add(
    "GET",
    "/health/tracing",
    Effect.flatMap(TracingHealth.snapshot, HttpServerResponse.schemaJson(TracingHealth.HealthSnapshot))
  ),
  TracingMetrics.layerHttp()
)
