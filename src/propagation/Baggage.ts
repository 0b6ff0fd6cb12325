/**
 * Named values that travel with a trace, over HTTP and in messages, to whatever is called below.
 *
 * Whoever is handed a request can read its baggage, so keep secrets out of it.
 * Names are tokens as header names are: an entry with another name stays in
 * this process. So does what is above 64 entries or the budget of
 * `TRACING_BAGGAGE_MAX_BYTES`. Entries that `TRACING_BAGGAGE_ATTRIBUTES` names
 * are attributes of every span that is opened under them.
 *
 * ```ts
 * yield* handle(order).pipe(Baggage.set("tier", "gold"))   // here
 * const tier = yield* Baggage.get("tier")                  // there: Option.some("gold")
 * ```
 *
 * @see https://www.w3.org/TR/baggage/
 */
export type { Baggage, BaggageEntry } from "../model/Propagator.ts"
export { type BaggageEntry as Entry, make as entry } from "./BaggageEntry.ts"
export { BaggageError } from "./BaggageError.ts"
export { all, get, remove, replace, set } from "./FiberBaggage.ts"
