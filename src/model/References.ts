/**
 * Values of the fiber that both halves of the house read.
 *
 * Where one is `undefined` no tracing layer has spoken, and its reader uses
 * the default it documents.
 */
import * as Context from "effect/Context"
import type { Baggage, Propagator } from "./Propagator.ts"

/** The baggage of the current fiber; it is handed on wherever a trace context is. */
export const CurrentBaggage = Context.Reference<Baggage>("@gorax/tracing/model/References/CurrentBaggage", {
  defaultValue: () => new Map()
})

/** Names of entries that are attributes of every span opened under them: `TRACING_BAGGAGE_ATTRIBUTES`. */
export const BaggageAttributes = Context.Reference<ReadonlyArray<string>>(
  "@gorax/tracing/model/References/BaggageAttributes",
  { defaultValue: () => [] }
)

/** How contexts are written to and read from headers: `TRACING_PROPAGATORS`, else W3C trace context and baggage. */
export const CurrentPropagator = Context.Reference<Propagator | undefined>(
  "@gorax/tracing/model/References/CurrentPropagator",
  { defaultValue: () => undefined }
)

/** Says whether a URL may be handed the trace context: `TRACING_PROPAGATE_TO`, else hosts of one's own network. */
export const EgressPolicy = Context.Reference<((url: URL) => boolean) | undefined>(
  "@gorax/tracing/model/References/EgressPolicy",
  { defaultValue: () => undefined }
)

/** `gorax` writes the platform's old HTTP keys beside the stable ones, `semconv` the stable ones alone. */
export type Profile = "gorax" | "semconv"

/** Which HTTP keys are written: `TRACING_ATTRIBUTE_PROFILE`. */
export const AttributeProfile = Context.Reference<Profile>("@gorax/tracing/model/References/AttributeProfile", {
  defaultValue: () => "gorax"
})
