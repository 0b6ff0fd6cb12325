/**
 * Where finished spans go, and what they pass through on the way.
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SpanData } from "./SpanData.ts"

/** What became of the spans that were waiting when a flush began. */
export interface Flushed {
  readonly exported: number
  readonly left: number
}

/** Where finished spans go. `push` runs on the caller's fiber: it never blocks, throws or waits. */
export interface SpanSink {
  readonly push: (span: SpanData) => void
  readonly flush: Effect.Effect<Flushed>
}

/** Something spans pass through on their way to a sink. Its resources live in the scope it is built in. */
export type Stage = (next: SpanSink) => Effect.Effect<SpanSink, never, Scope.Scope>
