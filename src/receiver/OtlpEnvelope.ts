/**
 * What all export requests have in common: items under the scope and the resource that they share.
 */
import type { Resource, Scope } from "../model/SpanData.ts"
import * as OtlpAttributes from "./OtlpAttributes.ts"
import { malformed } from "./OtlpError.ts"
import { type Fields, fieldsOf, isMissing, listOf, textOf } from "./OtlpFields.ts"

/** What of a request was well formed and yet not taken. */
export interface Refusal {
  readonly refused: number
  /** Why the first of them was not taken; empty when all were. */
  readonly refusal: string
}

export interface Opened<Item> extends Refusal {
  readonly items: ReadonlyArray<Item>
}

export interface Envelope<Item> {
  /** Names of the three lists, the outermost first. */
  readonly names: readonly [resources: string, scopes: string, items: string]
  /** What the items are called in a sentence. */
  readonly noun: string
  /** Reads one of them; text says why it is refused, alone. */
  readonly itemOf: (fields: Fields, at: string, resource: Resource, scope: Scope) => Item | string
}

/** Takes the items out, no more than `most`; throws `OtlpError` where the request is not of this kind. */
export const open = <Item extends object>(
  request: unknown,
  { itemOf, names: [resources, scopes, name], noun }: Envelope<Item>,
  most: number
): Opened<Item> => {
  const items: Array<Item> = []
  let refused = 0
  let refusal = ""
  const refuse = (count: number, why: string): void => {
    refused += count
    if (count > 0 && refusal === "") refusal = why
  }
  if (isMissing(request)) throw malformed("the body is not an object")
  for (const ofResource of listOf(fieldsOf(request, "the body"), resources, "the body")) {
    const resourceFields = fieldsOf(ofResource, resources)
    const resource = {
      attributes: OtlpAttributes.recordOf(fieldsOf(resourceFields.resource, "resource"), "resource")
    }
    for (const ofScope of listOf(resourceFields, scopes, resources)) {
      const inScope = fieldsOf(ofScope, scopes)
      const scopeFields = fieldsOf(inScope.scope, "scope")
      const scope = { name: textOf(scopeFields, "name", "scope"), version: textOf(scopeFields, "version", "scope") }
      const sent = listOf(inScope, name, scopes)
      const room = most - items.length
      for (const [index, value] of sent.slice(0, room).entries()) {
        const at = `${name}[${index}]`
        const item = itemOf(fieldsOf(value, at), at, resource, scope)
        if (typeof item === "string") refuse(1, item)
        else items.push(item)
      }
      refuse(Math.max(0, sent.length - room), `more than ${most} ${noun} in one request; send smaller batches`)
    }
  }
  return { items, refused, refusal }
}
