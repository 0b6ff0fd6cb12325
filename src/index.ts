/**
 * Distributed tracing for workflow platforms on Effect.
 *
 * Provide {@link TracingLive}, pipe {@link Traced} onto the effects that run
 * workflows, steps and queue handlers, and every run is one truthful trace.
 */
export { TracingLive } from "./layers/TracingLive.ts"

// Telling
export * as TracedClient from "./http/TracedClient.ts"
export * as TracedServer from "./http/TracedServer.ts"
export * as Webhook from "./http/Webhook.ts"
export * as TracedMessage from "./queue/TracedMessage.ts"
export * as TracedQueue from "./queue/TracedQueue.ts"
export * as Traced from "./workflow/Traced.ts"

// Crossing a boundary
export * as Baggage from "./propagation/Baggage.ts"
export * as Carrier from "./propagation/Carrier.ts"
export * as Propagator from "./propagation/Propagator.ts"

// Delivering
export * as Redaction from "./pipeline/Redaction.ts"
export * as Tracing from "./layers/Tracing.ts"
export * as TracingConfig from "./layers/TracingConfig.ts"
export * as TracingHealth from "./layers/TracingHealth.ts"
export * as TracingMetrics from "./layers/TracingMetrics.ts"
export * as Sampler from "./sampling/Sampler.ts"
export type { LogFilter, LogRecord } from "./model/LogRecord.ts"
export * as SamplingRules from "./layers/SamplingRules.ts"
export type { SpanData } from "./model/SpanData.ts"
export type { LocalTrace, TailRule } from "./pipeline/TailRule.ts"
export type { LeftOut, SpanExporter } from "./model/SpanExporter.ts"
export type { SpanSink, Stage } from "./model/SpanSink.ts"
export { ExportError } from "./model/TracingError.ts"
