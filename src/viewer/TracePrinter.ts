/**
 * Prints a trace as a tree that is read at a glance.
 *
 * One line a span: its name, what it is about, its service where that changes,
 * how it failed, and how long it took; under it what was logged in it. What
 * arrives from outside cannot move the cursor or colour the terminal: control
 * characters are replaced.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { subjectOf } from "../model/SpanSubject.ts"
import * as Trace from "../model/Trace.ts"
import { serviceOf } from "../model/SpanService.ts"
import type { ReceivedLog } from "../receiver/ReceivedLog.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as LogLevel from "./LogLevel.ts"
import {
  colors,
  cut,
  justify,
  lengthOf,
  noColors,
  paint,
  type Paint,
  type Palette,
  type Part,
  plain,
  printable
} from "./PaintedText.ts"
import * as SpanFailure from "./SpanFailure.ts"
import type { StoredTrace } from "./TraceEntry.ts"
import * as TraceLogs from "./TraceLogs.ts"
import { TraceStore } from "./TraceStore.ts"
import type { TraceSummary } from "./TraceSummary.ts"

export interface TracePrinterOptions {
  /** Columns, default 100, at least 70. A deep tree may need more. */
  readonly width?: number | undefined
  /** Colours for a terminal that shows them. Default false. */
  readonly color?: boolean | undefined
  /** Leaves log lines out. Default false. */
  readonly spansOnly?: boolean | undefined
}

const failureOf = (span: ReceivedSpan): string => printable(SpanFailure.textOf(span))

/** A failure is told where it happened; the spans around it, which failed with it, only name it. */
const markOf = (span: ReceivedSpan, children: ReadonlyArray<Trace.SpanNode<ReceivedSpan>>): string | undefined => {
  if (span.statusCode !== "error") {
    return SpanFailure.wasInterrupted(span) ? "⊘ interrupted" : undefined
  }
  const failure = failureOf(span)
  const below = children.some((child) => child.span.statusCode === "error" && failureOf(child.span) === failure)
  return `✗ ${below ? printable(SpanFailure.typeOf(span)) || "failed" : failure || "failed"}`
}

const label = (
  span: ReceivedSpan,
  { children, column, parent }: Trace.Place<ReceivedSpan>,
  palette: Palette,
  width: number
): string => {
  const duration: Part = [Trace.formatDuration(span), palette.faint]
  const room = Math.max(30, width - column)
  const left: Array<Part> = [
    [cut(printable(span.name), room - 10), span.statusCode === "error" ? palette.bad : palette.name]
  ]
  const append = (text: string, paint: Paint): void => {
    const space = room - lengthOf(left) - duration[0].length - 4
    if (text !== "" && space > 3) left.push(["  ", plain], [cut(text, space), paint])
  }
  append(printable(subjectOf(span)), plain)
  const service = serviceOf(span)
  if (parent === undefined || serviceOf(parent) !== service) append(`[${printable(service)}]`, palette.faint)
  const mark = markOf(span, children)
  if (mark === undefined) return justify(left, duration, room)
  const paintMark = mark.startsWith("✗") ? palette.bad : palette.warn
  const fits = lengthOf(left) + [...mark].length + duration[0].length + 4 <= room
  if (fits) return justify([...left, ["  ", plain], [mark, paintMark]], duration, room)
  return `${justify(left, duration, room)}\n${paintMark(cut(mark, Math.max(30, room - 3)))}`
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

const outcome = ({ error, errorCount }: TraceSummary, palette: Palette): ReadonlyArray<Part> =>
  error
    ? [
        ["  ", plain],
        [`✗ ${errorCount} failed`, palette.bad]
      ]
    : errorCount > 0
      ? [
          ["  ", plain],
          [`${errorCount} failed, retried`, palette.warn]
        ]
      : []

const header = (summary: TraceSummary, palette: Palette, width: number): string => {
  const id: ReadonlyArray<Part> = [
    ["━━ ", palette.faint],
    [summary.traceId, palette.faint]
  ]
  const counts: ReadonlyArray<Part> = [
    ["  ", plain],
    [plural(summary.spanCount, "span"), plain],
    ...outcome(summary, palette)
  ]
  const duration = ` ${Trace.formatDuration(summary)}`
  const room = width - lengthOf(id) - lengthOf(counts) - duration.length - 5
  const services: ReadonlyArray<Part> =
    room < 8
      ? []
      : [
          ["  ", plain],
          [cut(summary.services.map(printable).join(" → "), room), palette.name]
        ]
  const left = [...id, ...services, ...counts, [" ", plain] as const]
  const rule = "━".repeat(Math.max(2, width - lengthOf(left) - duration.length))
  return paint([...left, [rule, palette.faint], [duration, palette.name]])
}

const paints: Readonly<Record<LogLevel.LogLevel, keyof Palette>> = {
  trace: "faint",
  debug: "faint",
  info: "faint",
  warn: "warn",
  error: "bad",
  fatal: "bad"
}

/** `INFO  +12ms  charging`, in the room there is. */
const logLine = (log: ReceivedLog, since: bigint, palette: Palette, room: number): string => {
  const level = LogLevel.of(log.severityNumber, log.severityText)
  const paintLevel = level === undefined ? palette.faint : palette[paints[level]]
  const early = log.time < since
  const at = Trace.formatDuration({ startTime: early ? log.time : since, endTime: early ? since : log.time })
  const mark = cut((level ?? (printable(log.severityText) || "log")).toUpperCase(), 8).padEnd(5)
  const left: ReadonlyArray<Part> = [
    [mark, paintLevel],
    [`  ${early ? "-" : "+"}${at}  `, palette.faint]
  ]
  return paint([...left, [cut(printable(TraceLogs.textOf(log)), Math.max(20, room - lengthOf(left))), plain]])
}

const byTime = (self: ReceivedLog, that: ReceivedLog): number =>
  self.time < that.time ? -1 : self.time > that.time ? 1 : 0

/** The tree alone, and under each span what was logged in it; last, what was logged in spans that are not here. */
export const drawTree = (
  spans: ReadonlyArray<ReceivedSpan>,
  { color = false, spansOnly = false, width = 100 }: TracePrinterOptions = {},
  logs: ReadonlyArray<ReceivedLog> = []
): string => {
  const palette = color ? colors : noColors
  const here = new Set(spans.map(({ spanId }) => spanId))
  const since = spans.reduce(
    (least, { startTime }) => (startTime < least ? startTime : least),
    spans[0]?.startTime ?? 0n
  )
  const sorted = spansOnly ? [] : [...logs].sort(byTime)
  const under = Map.groupBy(sorted, ({ spanId = "" }) => (here.has(spanId) ? spanId : ""))
  const linesOf = (spanId: string, column: number): ReadonlyArray<string> =>
    (under.get(spanId) ?? []).map((log) => logLine(log, since, palette, Math.max(30, width - column - 3)))
  const tree = Trace.draw(Trace.fromSpans(spans), (span, place) =>
    [label(span, place, palette, width), ...linesOf(span.spanId, place.column)].join("\n")
  )
  return [tree, ...linesOf("", 0)].join("\n")
}

/** A header line and the tree under it. */
export const draw = (trace: StoredTrace, options: TracePrinterOptions = {}): string =>
  `${header(trace.summary, options.color === true ? colors : noColors, options.width ?? 100)}\n${drawTree(trace.spans, options, trace.logs)}`

/** Prints every trace of the store when it has come to rest, and again when it grew. */
export const layer = (options: TracePrinterOptions = {}): Layer.Layer<never, never, TraceStore> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const store = yield* TraceStore
      yield* store.quiet.pipe(
        Stream.runForEach((trace) => Console.log(`\n${draw(trace, options)}`)),
        Effect.forkScoped({ startImmediately: true })
      )
    })
  )
