/**
 * A queue's element together with the context it travels in, as one stored value.
 *
 * What is stored is JSON: the element as its own schema writes it, wrapped
 * with the headers. An element without headers is stored bare, exactly as a
 * queue without tracing stores it, and bare elements are always taken.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

export interface Envelope<A> {
  readonly headers: Readonly<Record<string, string>>
  readonly element: A
}

/** No element has these two keys by accident; one that has them all the same is wrapped even without headers. */
const headersKey = "@gorax/tracing/headers"
const elementKey = "@gorax/tracing/element"

interface Stored {
  readonly [headersKey]: Schema.Json
  readonly [elementKey]: Schema.Json
}

const isStored = (json: Schema.Json): json is Schema.Json & Stored =>
  typeof json === "object" &&
  json !== null &&
  !Array.isArray(json) &&
  Object.hasOwn(json, elementKey) &&
  Object.hasOwn(json, headersKey) &&
  Object.keys(json).length === 2

/** The entries that are text; whatever else got in is no header, and no reason to lose the message. */
const headersOf = (json: Schema.Json): Record<string, string> =>
  typeof json === "object" && json !== null && !Array.isArray(json)
    ? Object.fromEntries(
        Object.entries(json).filter((entry): entry is [string, string] => typeof entry[1] === "string")
      )
    : {}

const unwrap = (json: Schema.Json): Envelope<Schema.Json> =>
  isStored(json) ? { headers: headersOf(json[headersKey]), element: json[elementKey] } : { headers: {}, element: json }

const wrap = ({ element, headers }: Envelope<Schema.Json>): Schema.Json =>
  Object.keys(headers).length === 0 && !isStored(element) ? element : { [headersKey]: headers, [elementKey]: element }

/** The schema of an envelope around elements of another schema. */
export const schema = <S extends Schema.Constraint>(
  element: S
): Schema.Codec<Envelope<S["Type"]>, Schema.Json, S["DecodingServices"], S["EncodingServices"]> => {
  const json = Schema.toCodecJson(element) as unknown as Schema.Codec<
    S["Type"],
    Schema.Json,
    S["DecodingServices"],
    S["EncodingServices"]
  >
  return Schema.Json.pipe(
    Schema.decodeTo(
      Schema.Struct({ headers: Schema.Record(Schema.String, Schema.String), element: json }),
      SchemaTransformation.transform<Envelope<Schema.Json>, Schema.Json>({ decode: unwrap, encode: wrap })
    )
  )
}
