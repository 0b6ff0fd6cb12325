/**
 * Tracing, as an operator configures it.
 *
 * The one layer most programs need: it reads `TRACING_*` and `OTEL_*` through
 * Effect's `Config`, records and delivers spans while it lives, and flushes
 * them within `TRACING_SHUTDOWN_TIMEOUT` when it is released. It is off, and
 * free, until `TRACING_ENABLED=true`. A setting that is not usable fails it
 * with a `TracingConfigError` that names every one.
 *
 * ```ts
 * NodeRuntime.runMain(program.pipe(Effect.provide(TracingLive)))
 * ```
 */
import * as Tracing from "./Tracing.ts"

export const TracingLive = Tracing.layerConfig()
