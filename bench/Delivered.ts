/**
 * The tracers that are compared, each delivering all its spans to a collector.
 */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { Tracing } from "@gorax/tracing"
import * as Otel from "@opentelemetry/api"
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto"
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { ConfigProvider, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"

/** A tracer, once it knows where the collector is. */
export type Delivered = (collector: string) => Layer.Layer<never, unknown>

/** Long enough that nobody loses a span to a burst: what is compared is the cost of delivering all of them. */
export const queue = 200_000

/** Ours, as an operator configures it. */
export const ours =
  (settings: Readonly<Record<string, string>> = {}): Delivered =>
  (collector) =>
    Tracing.layerConfig().pipe(
      Layer.provide(
        ConfigProvider.layer(
          ConfigProvider.fromUnknown({
            TRACING_ENABLED: "true",
            TRACING_SERVICE_NAME: "bench",
            TRACING_ENDPOINT: collector,
            TRACING_BATCH_QUEUE_SIZE: String(queue),
            TRACING_SHUTDOWN_TIMEOUT: "10000",
            ...settings
          })
        )
      )
    )

/** `@effect/opentelemetry`, with the SDK's protobuf exporter. */
export const bridge: Delivered = (collector) =>
  NodeSdk.layer(() => ({
    resource: { serviceName: "bench" },
    spanProcessor: new BatchSpanProcessor(new OTLPTraceExporter({ url: `${collector}/v1/traces` }), {
      maxQueueSize: queue
    }),
    shutdownTimeout: "10 seconds"
  }))

/** The same in an application that lets instrumentation find the active span. */
export const bridgeInContext: Delivered = (collector) => {
  Otel.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  return bridge(collector)
}

/** `effect/observability`, with JSON, which costs it less than its protobuf. */
export const native: Delivered = (collector) =>
  OtlpTracer.layer({
    url: `${collector}/v1/traces`,
    resource: { serviceName: "bench" },
    shutdownTimeout: "10 seconds"
  }).pipe(Layer.provide([OtlpSerialization.layerJson, FetchHttpClient.layer]))

/** Nothing is recorded. */
export const off: Delivered = () => Tracing.layerDisabled
