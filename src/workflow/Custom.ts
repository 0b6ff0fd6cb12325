/**
 * A span of your own.
 */
import type * as Tracer from "effect/Tracer"
import * as spanCombinator from "../internal/spanCombinator.ts"
import type { Telling } from "./Telling.ts"

export interface CustomSpanOptions extends Telling {
  readonly kind?: Tracer.SpanKind
  readonly links?: ReadonlyArray<Tracer.SpanLink>
  /** Begins a trace of its own. */
  readonly root?: boolean
}

/** Runs an effect in a span whose name is yours: the one combinator that takes the span's name itself. */
export const span: spanCombinator.SpanCombinator<CustomSpanOptions> = spanCombinator.make<CustomSpanOptions>({
  elsewhere: (options) => options?.root === true,
  describe: (name, options) => ({ name, ...options })
})
