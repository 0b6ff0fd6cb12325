/**
 * How tracing is doing: where every span went, what each exporter last heard, and what to do about it.
 *
 * Every tracing layer provides it, and where there is none it says so: asking
 * needs nothing, and never fails. An answer is put together from counters
 * when somebody asks; until then it costs nothing.
 *
 * ```ts
 * const { reasons, status } = yield* TracingHealth.snapshot
 * ```
 *
 * @see docs/health.md
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Flushed } from "../model/SpanSink.ts"
import type { HealthSnapshot } from "./HealthSnapshot.ts"
import { absent, type LayerHealth } from "./LayerHealth.ts"

export { HealthSnapshot } from "./HealthSnapshot.ts"

/** The health of the tracing layer that is provided; of none, where none is. */
export const TracingHealth = Context.Reference<LayerHealth>("@gorax/tracing/layers/TracingHealth", {
  defaultValue: () => absent
})

/** How tracing is doing now. */
export const snapshot: Effect.Effect<HealthSnapshot> = Effect.flatMap(TracingHealth, ({ snapshot }) => snapshot)

/** Sends what waits and waits for the answers, for as long as `TRACING_SHUTDOWN_TIMEOUT`; then says what is left. */
export const flush: Effect.Effect<Flushed> = Effect.flatMap(TracingHealth, ({ flush }) => flush)
