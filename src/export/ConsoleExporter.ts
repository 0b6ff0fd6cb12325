/**
 * Draws finished traces as trees, for the person at the terminal.
 *
 * A tree appears when the span that began it in this process has ended.
 * Spans whose beginning does not come are drawn after a while all the same.
 */
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Keys from "../model/AttributeKeys.ts"
import type { SpanData } from "../model/SpanData.ts"
import { isLocalRoot } from "../model/SpanIdWords.ts"
import type { SpanExporter } from "../model/SpanExporter.ts"
import { subjectOf } from "../model/SpanSubject.ts"
import * as Trace from "../model/Trace.ts"

export interface ConsoleExporterOptions {
  /** Marks errors red and dims durations. Say true only for a terminal, and where `NO_COLOR` is unset. */
  readonly colour?: boolean
  /** How long spans wait for the beginning of their trace; 5 seconds by default. */
  readonly patience?: Duration.Input
  /** How many spans are held at most; 4096 by default. Beyond it the oldest trace is drawn as it is. */
  readonly capacity?: number
}

/** Keeps a line one line: what a span says may hold line breaks and control sequences. */
const oneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, " ").slice(0, 300)

interface Held {
  readonly spans: Array<SpanData>
  readonly since: number
}

/** An exporter that writes to Effect's `Console`. What it still holds is drawn when the scope closes. */
export const make = Effect.fnUntraced(function* (
  options: ConsoleExporterOptions = {}
): Effect.fn.Return<SpanExporter, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const patience = Duration.toMillis(Duration.fromInputUnsafe(options.patience ?? "5 seconds"))
  const capacity = options.capacity ?? 4096
  const paint = (code: number, text: string) => (options.colour === true ? `\u001b[${code}m${text}\u001b[0m` : text)
  const traces = new Map<string, Held>()
  let held = 0
  let watched = false

  const draw = (roots: ReadonlyArray<Trace.SpanNode>): string => {
    const parents = new Map<SpanData, SpanData>()
    for (const node of Trace.walk(roots)) for (const child of node.children) parents.set(child.span, node.span)
    return Trace.draw(roots, (span) => {
      const name = oneLine(`${span.name} ${subjectOf(span, parents.get(span))}`).trimEnd()
      const line = `${name} ${paint(2, Trace.formatDuration(span))}`
      if (span.statusCode !== "error") return line
      return `${line} ${paint(31, oneLine(`✗ ${span.attributes.get(Keys.errorType) ?? ""} ${span.statusMessage}`).trim())}`
    })
  }

  /** Takes out of a trace what hangs under its finished roots; the rest stays. */
  const finished = (trace: Held): ReadonlyArray<Trace.SpanNode> => {
    if (!trace.spans.some(isLocalRoot)) return []
    const roots = Trace.fromSpans(trace.spans).filter((root) => isLocalRoot(root.span))
    const drawn = new Set([...Trace.walk(roots)].map((node) => node.span))
    const left = trace.spans.filter((span) => !drawn.has(span))
    held -= trace.spans.length - left.length
    trace.spans.splice(0, trace.spans.length, ...left)
    return roots
  }

  const takeAll = (traceId: string, trace: Held): ReadonlyArray<Trace.SpanNode> => {
    traces.delete(traceId)
    held -= trace.spans.length
    return Trace.fromSpans(trace.spans)
  }

  const print = (trees: ReadonlyArray<ReadonlyArray<Trace.SpanNode>>): Effect.Effect<void> =>
    Effect.forEach(
      trees.filter((roots) => roots.length > 0),
      (roots) => Console.log(draw(roots)),
      { discard: true }
    )

  const printStale = Effect.flatMap(Clock.currentTimeMillis, (now) =>
    print([...traces].filter(([, { since }]) => now - since >= patience).map((entry) => takeAll(...entry)))
  )

  /** Runs only while something is held. */
  const watch = Effect.suspend(() => {
    if (watched || held === 0) return Effect.void
    watched = true
    return Effect.sleep(patience).pipe(
      Effect.andThen(printStale),
      Effect.repeat({ while: () => (watched = held > 0) }),
      Effect.forkIn(scope)
    )
  })

  yield* Effect.addFinalizer(() => Effect.suspend(() => print([...traces].map((entry) => takeAll(...entry)))))

  return {
    export: (spans) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        for (const span of spans) {
          const trace = traces.get(span.traceId)
          if (trace === undefined) traces.set(span.traceId, { spans: [span], since: now })
          else trace.spans.push(span)
        }
        held += spans.length
        const trees: Array<ReadonlyArray<Trace.SpanNode>> = []
        for (const traceId of new Set(spans.map((span) => span.traceId))) {
          const trace = traces.get(traceId)!
          trees.push(finished(trace))
          if (trace.spans.length === 0) traces.delete(traceId)
        }
        for (const entry of traces) {
          if (held <= capacity) break
          trees.push(takeAll(...entry))
        }
        return print(trees).pipe(Effect.andThen(watch))
      })
  }
})
