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

/** What may leave with a request. Both are asked for every request, and again for every redirect. */
export interface EgressPolicy {
  /** True where the trace context may go with a request to this URL. */
  readonly context: (url: URL) => boolean
  /** True where an entry of the baggage may go too. Asked only where the context may. */
  readonly baggage: (name: string, url: URL) => boolean
}

/**
 * Which URLs may be handed the trace context, and which baggage: `TRACING_PROPAGATE_TO` and
 * `TRACING_PROPAGATE_BAGGAGE`, else all of it, but only to hosts of one's own network.
 */
export const EgressPolicy = Context.Reference<EgressPolicy | undefined>(
  "@gorax/tracing/model/References/EgressPolicy",
  { defaultValue: () => undefined }
)

/** Who sent a request, as far as its server can tell. */
export interface Sender {
  /** The address at the other end of the connection; a proxy's, where there is one. */
  readonly address: string | undefined
  /** A header of the request, by its lower-case name. */
  readonly header: (name: string) => string | undefined
}

/** True for senders whose trace context is continued; that of all others is only linked. */
export type TrustPolicy = (sender: Sender) => boolean

/** Whose trace context is continued: `TRACING_TRUST`. Where nobody has said, everybody's. */
export const TrustPolicy = Context.Reference<TrustPolicy | undefined>("@gorax/tracing/model/References/TrustPolicy", {
  defaultValue: () => undefined
})

/** `gorax` writes the platform's old HTTP keys beside the stable ones, `semconv` the stable ones alone. */
export type Profile = "gorax" | "semconv"

/** Which HTTP keys are written: `TRACING_ATTRIBUTE_PROFILE`. */
export const AttributeProfile = Context.Reference<Profile>("@gorax/tracing/model/References/AttributeProfile", {
  defaultValue: () => "gorax"
})
