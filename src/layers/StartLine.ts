/**
 * The one line that says at start what tracing does.
 */
import * as Effect from "effect/Effect"
import type { Sampler } from "../model/Sampler.ts"
import type { TracingConfig } from "./TracingConfig.ts"

const destination = (settings: TracingConfig): Readonly<Record<string, string>> =>
  settings.exporter === "otlp"
    ? { exporter: settings.otlp.endpoint.protocol, endpoint: settings.otlp.endpoint.display }
    : settings.exporter === "otlp-sdk"
      ? { exporter: settings.exporter, endpoint: settings.otlp.endpoint.display }
      : { exporter: settings.exporter }

/** Says what is on and where spans go, without credentials; or that tracing is off and what turns it on. */
export const log = (settings: TracingConfig, sampler: Sampler): Effect.Effect<void> =>
  settings.enabled
    ? Effect.logInfo("Tracing is on").pipe(
        Effect.annotateLogs({ service: settings.serviceName, ...destination(settings), sampler: sampler.description })
      )
    : Effect.logInfo(offBecause(settings))

/** Why tracing is off, and what turns it on. */
export const offBecause = (settings: TracingConfig): string =>
  settings.sources.otelDisabled === undefined
    ? "Tracing is off. TRACING_ENABLED=true turns it on."
    : "Tracing is off, because OTEL_SDK_DISABLED is set."
