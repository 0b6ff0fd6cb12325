/**
 * A trace laid out in time: every view of it, on the page and in the terminal, begins here.
 *
 * Times are nanoseconds since the trace began. Clocks of different machines
 * disagree: where a span of another process would begin before the one that
 * called it, that process is moved until the picture is possible, and the
 * span says by how much.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import type { Resource } from "../model/SpanData.ts"
import * as Trace from "../model/Trace.ts"
import { serviceOf } from "../model/SpanService.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import { hasFailed } from "./SpanFailure.ts"

export interface TimelineSpan {
  readonly span: ReceivedSpan
  readonly service: string
  readonly parent: TimelineSpan | undefined
  readonly children: ReadonlyArray<TimelineSpan>
  /** Of the roots, 0. */
  readonly depth: number
  /** Its place in the order of the drawing. */
  readonly index: number
  readonly start: number
  readonly end: number
  /** The end of the last thing beneath it, its own included. */
  readonly reach: number
  /** How far its clock was moved; 0 for most. */
  readonly shift: number
  /** How many spans are beneath it. */
  readonly descendants: number
  /** How many of it and those beneath have failed. */
  readonly failures: number
}

export interface Timeline {
  readonly roots: ReadonlyArray<TimelineSpan>
  /** All of them, parents before their children. */
  readonly spans: ReadonlyArray<TimelineSpan>
  /** Nanoseconds since the Unix epoch. */
  readonly startTime: bigint
  /** Nanoseconds, from the first start to the last end. */
  readonly duration: number
}

interface Growing extends TimelineSpan {
  readonly parent: Growing | undefined
  readonly children: Array<Growing>
  start: number
  end: number
  reach: number
  shift: number
  descendants: number
  failures: number
}

const processes = new WeakMap<Resource, string>()

/** What shares a clock. */
const processOf = (resource: Resource): string => {
  const known = processes.get(resource)
  if (known !== undefined) return known
  const { attributes } = resource
  const name = [AttributeKeys.serviceName, "service.instance.id", "host.name", "process.pid"]
    .map((key) => String(attributes[key] ?? ""))
    .join(" ")
  processes.set(resource, name)
  return name
}

/** How far a span must be moved to fit under its parent: not at all when it does, or when both read one clock. */
const misfit = (node: Growing, parent: Growing): number => {
  const { end, start } = node
  const room = parent.end - parent.start - (end - start)
  const answers = node.span.kind === "server"
  if (start < parent.start) return parent.start - start + (answers && room > 0 ? room / 2 : 0)
  if (answers && room >= 0 && end > parent.end) return parent.start - start + room / 2
  return 0
}

export const make = (spans: Iterable<ReceivedSpan>): Timeline => {
  const all = [...spans]
  let startTime = all.reduce(
    (least, span) => (span.startTime < least ? span.startTime : least),
    all[0]?.startTime ?? 0n
  )
  const since = (time: bigint): number => Number(time - startTime)
  const ordered: Array<Growing> = []
  const clocks = new Map<string, number>()

  const grow = ({ span }: Trace.SpanNode<ReceivedSpan>, parent: Growing | undefined): Growing => {
    const start = since(span.startTime)
    const node: Growing = {
      span,
      service: serviceOf(span),
      parent,
      children: [],
      depth: parent === undefined ? 0 : parent.depth + 1,
      index: ordered.length,
      start,
      end: Math.max(start, since(span.endTime)),
      reach: 0,
      shift: 0,
      descendants: 0,
      failures: hasFailed(span) ? 1 : 0
    }
    const clock = processOf(span.resource)
    const move = (by: number): void => {
      node.shift += by
      node.start += by
      node.end += by
    }
    if (parent === undefined) clocks.set(clock, clocks.get(clock) ?? 0)
    else if (processOf(parent.span.resource) === clock) move(parent.shift)
    else {
      move(clocks.get(clock) ?? 0)
      move(misfit(node, parent))
      clocks.set(clock, node.shift)
    }
    ordered.push(node)
    return node
  }

  const roots: Array<Growing> = []
  const waiting = Trace.fromSpans(all)
    .map((node) => ({ node, parent: undefined as Growing | undefined }))
    .reverse()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const grown = grow(next.node, next.parent)
    if (next.parent === undefined) roots.push(grown)
    else next.parent.children.push(grown)
    const { children } = next.node
    for (let index = children.length - 1; index >= 0; index--) waiting.push({ node: children[index]!, parent: grown })
  }
  for (let index = ordered.length - 1; index >= 0; index--) {
    const node = ordered[index]!
    node.reach = Math.max(node.reach, node.end)
    if (node.parent === undefined) continue
    node.parent.reach = Math.max(node.parent.reach, node.reach)
    node.parent.descendants += node.descendants + 1
    node.parent.failures += node.failures
  }
  // Moved clocks can move the first span: the trace begins where its picture does
  const first = ordered.reduce((least, node) => Math.min(least, node.start), Infinity)
  if (ordered.length > 0 && first !== 0) {
    startTime += BigInt(Math.floor(first))
    for (const node of ordered) {
      node.start -= first
      node.end -= first
      node.reach -= first
    }
  }
  return { roots, spans: ordered, startTime, duration: roots.reduce((last, root) => Math.max(last, root.reach), 0) }
}

/** The span with this id. */
export const find = ({ spans }: Timeline, spanId: string): TimelineSpan | undefined =>
  spans.find(({ span }) => span.spanId === spanId)

/** The span and those around it, the outermost first. */
export const pathTo = (at: TimelineSpan): ReadonlyArray<TimelineSpan> => {
  const path: Array<TimelineSpan> = []
  for (let next: TimelineSpan | undefined = at; next !== undefined; next = next.parent) path.push(next)
  return path.reverse()
}
