/**
 * The `sensitive` annotation of schemas, and values without what it is set on.
 *
 * ```ts
 * class Payment extends Schema.Class<Payment>("Payment")({
 *   amount: Schema.Int,
 *   card: Schema.String.annotate({ sensitive: true })
 * }) {}
 * ```
 *
 * An instance of such a class is known wherever it becomes an attribute; a
 * plain record needs its schema: see {@link hide}.
 */
import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SensitiveKeys from "./SensitiveKeys.ts"

declare module "effect/Schema" {
  namespace Annotations {
    interface Annotations {
      /** True for what may stand in no trace and no log. */
      readonly sensitive?: boolean | undefined
    }
  }
}

/** Deeper parts of a value are left out whole: what cannot be searched is not shown. */
const deepest = 8

/** The schema itself says so, or the key it stands under. */
const isMarked = (ast: SchemaAST.AST): boolean =>
  SchemaAST.resolve(ast)?.["sensitive"] === true || ast.context?.annotations?.["sensitive"] === true

/** What a class is a schema of, and what a schema is made of by need. */
const inner = (ast: SchemaAST.AST): SchemaAST.AST => {
  const next = SchemaAST.isSuspend(ast)
    ? ast.thunk()
    : SchemaAST.isDeclaration(ast) && ast.typeParameters.length === 1
      ? ast.typeParameters[0]
      : undefined
  return next === undefined ? ast : next
}

const partsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> =>
  SchemaAST.isObjects(ast)
    ? [...ast.propertySignatures.map(({ type }) => type), ...ast.indexSignatures.map(({ type }) => type)]
    : SchemaAST.isArrays(ast)
      ? [...ast.elements, ...ast.rest]
      : SchemaAST.isUnion(ast)
        ? ast.types
        : inner(ast) === ast
          ? []
          : [inner(ast)]

const hasMarked = (ast: SchemaAST.AST, depth = 0): boolean =>
  isMarked(ast) || (depth < deepest && partsOf(ast).some((part) => hasMarked(part, depth + 1)))

/** A property, if it is no getter: no code of the value runs. */
const read = (value: object, key: PropertyKey): unknown => Object.getOwnPropertyDescriptor(value, key)?.value

/** Its own keys, with those of its schema that an error hides: its message is one. */
const keysOf = (value: object, types: ReadonlyArray<SchemaAST.Objects>): ReadonlyArray<string> => {
  const hidden = types.flatMap(({ propertySignatures }) => propertySignatures.map(({ name }) => name))
  const own = hidden.filter((name): name is string => typeof name === "string" && Object.hasOwn(value, name))
  return [...new Set([...Object.keys(value), ...own])]
}

const typesOf = (ast: SchemaAST.Objects, key: string): ReadonlyArray<SchemaAST.AST> => {
  const named = ast.propertySignatures.filter(({ name }) => name === key).map(({ type }) => type)
  return named.length > 0 ? named : ast.indexSignatures.map(({ type }) => type)
}

/** Of a value that may be of several types, what any of them marks is hidden. */
const without = (value: unknown, types: ReadonlyArray<SchemaAST.AST>, depth: number): unknown => {
  if (value === undefined || value === null || !types.some((type) => hasMarked(type))) return value
  if (depth === deepest || types.some(isMarked)) return SensitiveKeys.mask
  if (typeof value !== "object") return value
  const parts = types.flatMap((type) => (SchemaAST.isUnion(type) ? type.types : [type])).map(inner)
  if (parts.some((part) => !types.includes(part))) return without(value, parts, depth + 1)
  if (Array.isArray(value)) {
    const entries = parts.filter(SchemaAST.isArrays).flatMap((part) => [...part.elements, ...part.rest])
    return value.map((entry: unknown) => without(entry, entries, depth + 1))
  }
  const objects = parts.filter(SchemaAST.isObjects)
  return Object.fromEntries(
    keysOf(value, objects).map((key) => [
      key,
      without(
        read(value, key),
        objects.flatMap((part) => typesOf(part, key)),
        depth + 1
      )
    ])
  )
}

/**
 * A copy of a value for others to see: `REDACTED` stands where its schema is `sensitive`.
 *
 * ```ts
 * yield* Traced.annotate({ order: Redaction.hide(Order)(order) })
 * ```
 */
export const hide =
  (schema: Schema.Top) =>
  (value: unknown): unknown =>
    without(value, [schema.ast], 0)

const known = new WeakMap<object, SchemaAST.AST | false>()

/** The schema of which a value is an instance, if it marks anything. */
const schemaOf = (value: object): SchemaAST.AST | false => {
  const prototype: object | null = Object.getPrototypeOf(value) as object | null
  if (prototype === null || prototype === Object.prototype || prototype === Array.prototype) return false
  const before = known.get(prototype)
  if (before !== undefined) return before
  const made = read(prototype, "constructor") as { readonly fields?: unknown; readonly ast?: SchemaAST.AST } | undefined
  const ast = isRecord(made?.fields) ? made?.ast : undefined
  const found = ast !== undefined && SchemaAST.isAST(ast) && hasMarked(ast) ? ast : false
  known.set(prototype, found)
  return found
}

const isRecord = (value: unknown): boolean => typeof value === "object" && value !== null

/** An instance of a class with a schema, without what that marks; any other object as it is. */
export const shown = (value: object): unknown => {
  const ast = schemaOf(value)
  return ast === false ? value : without(value, [ast], 0)
}
