/**
 * Two traces of one workflow side by side, and the first step at which they part.
 *
 * Spans are the same when they stand at the same place: same name, same step,
 * same turn of a loop, same attempt, under parents that are the same.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanFailure from "./SpanFailure.ts"
import type { Timeline, TimelineSpan } from "./Timeline.ts"

/**
 * - `failed`, `recovered`: one ended well and the other did not
 * - `otherwise`: both failed, each in its own way
 * - `missing`, `added`: it is in one of them only
 * - `slower`, `faster`: more than twice, or less than half the time, and at least a hundredth of the trace; no parting
 */
export type Verdict = "same" | "failed" | "recovered" | "otherwise" | "missing" | "added" | "slower" | "faster"

export interface ComparedRow {
  readonly before: TimelineSpan | undefined
  readonly after: TimelineSpan | undefined
  readonly depth: number
  readonly verdict: Verdict
}

export interface Comparison {
  /** In the order of the first trace; what only the second has stands where it began. */
  readonly rows: ReadonlyArray<ComparedRow>
  /** Where they first part: the reason, not the spans around it. `undefined` when they went the same way. */
  readonly parting: ComparedRow | undefined
}

const tellApart = [
  AttributeKeys.workflowId,
  AttributeKeys.childWorkflowId,
  AttributeKeys.nodeId,
  AttributeKeys.parallelBranchName,
  AttributeKeys.loopItemVariable,
  AttributeKeys.loopIterationIndex,
  AttributeKeys.retryAttempt,
  AttributeKeys.scriptName,
  AttributeKeys.actionName,
  AttributeKeys.queueName,
  AttributeKeys.webhookId
]

const placeOf = ({ service, span }: TimelineSpan): string =>
  [service, span.name, ...tellApart.map((key) => String(span.attributes.get(key) ?? ""))].join("\n")

const partings: ReadonlySet<Verdict> = new Set(["failed", "recovered", "otherwise", "missing", "added"])

/** True when the traces did different things here, not merely at another pace. */
export const isParting = ({ verdict }: ComparedRow): boolean => partings.has(verdict)

const judge = (
  before: TimelineSpan | undefined,
  after: TimelineSpan | undefined,
  isLong: (nanos: number) => boolean
): Verdict => {
  if (before === undefined) return "added"
  if (after === undefined) return "missing"
  const [wasBad, isBad] = [SpanFailure.hasFailed(before.span), SpanFailure.hasFailed(after.span)]
  if (wasBad !== isBad) return isBad ? "failed" : "recovered"
  if (isBad && SpanFailure.typeOf(before.span) !== SpanFailure.typeOf(after.span)) return "otherwise"
  const [was, is] = [before.end - before.start, after.end - after.start]
  if (!isLong(Math.abs(is - was))) return "same"
  return is > was * 2 ? "slower" : is * 2 < was ? "faster" : "same"
}

type Pair = readonly [before: TimelineSpan | undefined, after: TimelineSpan | undefined]

/** Pairs the children of two spans that are the same. */
const pair = (before: ReadonlyArray<TimelineSpan>, after: ReadonlyArray<TimelineSpan>): ReadonlyArray<Pair> => {
  const open = Map.groupBy(after, placeOf)
  const taken = new Map<string, number>()
  const found = before.map((one): Pair => {
    const place = placeOf(one)
    const turn = taken.get(place) ?? 0
    taken.set(place, turn + 1)
    return [one, open.get(place)?.[turn]]
  })
  // What only the other has stands behind the sibling that began before it there
  const placeIn = new Map(found.map(([, one], index) => [one, index + 1]))
  const behind = new Map<number, Array<Pair>>()
  let last = 0
  for (const one of after) {
    const at = placeIn.get(one)
    if (at === undefined) behind.set(last, [...(behind.get(last) ?? []), [undefined, one]])
    else last = at
  }
  return [...(behind.get(0) ?? []), ...found.flatMap((one, index) => [one, ...(behind.get(index + 1) ?? [])])]
}

export const of = (before: Timeline, after: Timeline): Comparison => {
  const least = Math.min(before.duration, after.duration) / 100
  const isLong = (nanos: number): boolean => nanos > least
  const rows: Array<ComparedRow> = []
  const waiting: Array<readonly [pair: Pair, depth: number]> = []
  const wait = (pairs: ReadonlyArray<Pair>, depth: number): void => {
    for (let index = pairs.length - 1; index >= 0; index--) waiting.push([pairs[index]!, depth])
  }
  wait(pair(before.roots, after.roots), 0)
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [[one, other], depth] = next
    rows.push({ before: one, after: other, depth, verdict: judge(one, other, isLong) })
    wait(pair(one?.children ?? [], other?.children ?? []), depth + 1)
  }
  return { rows, parting: firstParting(rows) }
}

/** What is missing or new is so with everything beneath it: it parts at its top. What failed does so where it began. */
const firstParting = (rows: ReadonlyArray<ComparedRow>): ComparedRow | undefined => {
  let first: ComparedRow | undefined
  const startOf = ({ after, before }: ComparedRow): number => after?.start ?? before?.start ?? 0
  for (const [index, row] of rows.entries()) {
    if (!isParting(row)) continue
    const isWhole = row.before !== undefined && row.after !== undefined
    if (isWhole && partsBeneath(rows, index)) continue
    if (first === undefined || startOf(row) < startOf(first)) first = row
  }
  return first
}

const partsBeneath = (rows: ReadonlyArray<ComparedRow>, index: number): boolean => {
  const { depth } = rows[index]!
  for (let next = index + 1; next < rows.length && rows[next]!.depth > depth; next++) {
    if (isParting(rows[next]!)) return true
  }
  return false
}
