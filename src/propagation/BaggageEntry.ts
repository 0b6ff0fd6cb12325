/**
 * An entry of the baggage whose values a schema describes.
 *
 * What arrives was written by somebody else, perhaps by a stranger: absence is
 * an `Option`, and a value outside the schema is an error with a type, so a
 * handler that decides by it has to say what it does then.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { BaggageError } from "./BaggageError.ts"
import * as FiberBaggage from "./FiberBaggage.ts"

/** One entry, read and set by the type of its values. Made by `Baggage.entry`. */
export interface BaggageEntry<S extends Schema.Codec<any, string, any, any>> {
  /** The name it has in the header. */
  readonly name: string
  /** How its values are written as text. */
  readonly schema: S
  /** The value that the current fiber has; fails where it does not fit the schema. */
  readonly get: Effect.Effect<Option.Option<S["Type"]>, BaggageError, S["DecodingServices"]>
  /** Runs an effect, and all it calls, with this value in its baggage; fails where the schema refuses it. */
  readonly set: (
    value: S["Type"]
  ) => <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | BaggageError, R | S["EncodingServices"]>
  /** Runs an effect, and all it calls, without the entry. */
  readonly remove: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/**
 * Describes an entry.
 *
 * ```ts
 * const Tier = Baggage.entry("tier", Schema.Literals(["gold", "silver"]))
 *
 * handle(request).pipe(Tier.set("gold"))   // "bronze" does not compile
 * yield* Tier.get                          // Option<"gold" | "silver">
 * ```
 */
export const make = <S extends Schema.Codec<any, string, any, any>>(name: string, schema: S): BaggageEntry<S> => {
  const decode = Schema.decodeUnknownEffect(schema)
  const encode = Schema.encodeEffect(schema)
  const broken = (reason: BaggageError["reason"]) => (): BaggageError => new BaggageError({ reason, entry: name })
  return {
    name,
    schema,
    get: Effect.flatMap(
      FiberBaggage.get(name),
      Option.match({
        onNone: () => Effect.succeedNone,
        onSome: (text) => Effect.mapError(Effect.asSome(decode(text)), broken("Unreadable"))
      })
    ),
    set: (value) => (self) =>
      Effect.flatMap(Effect.mapError(encode(value), broken("Unwritable")), (text) =>
        FiberBaggage.set(self, name, text)
      ),
    remove: FiberBaggage.remove(name)
  }
}
