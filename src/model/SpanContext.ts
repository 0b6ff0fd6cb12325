/**
 * What of a span crosses a boundary: its ids, flags and vendor state.
 *
 * @see https://www.w3.org/TR/trace-context-2/
 */
import * as Context from "effect/Context"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

export interface SpanContext {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string
  /** 16 lower-case hexadecimal digits. */
  readonly spanId: string
  /** The eight W3C flags: bit 0 sampled, bit 1 random trace id; and {@link deferredFlag}, which no header of W3C shows. */
  readonly traceFlags: number
  /** The `tracestate` header as it travels, empty when there is none. */
  readonly traceState: string
}

export const sampledFlag = 0x01
export const randomFlag = 0x02
/** Says of a context from outside that its sender left the decision to sample to us. Spans of ours never have it. */
export const deferredFlag = 0x100

/** True where whoever sent the context left the decision to sample to us. */
export const isDeferred = (context: Pick<SpanContext, "traceFlags">): boolean =>
  (context.traceFlags & deferredFlag) !== 0

/** The W3C flags an external span arrived with. Kept so that unknown and random bits survive. */
export const RemoteTraceFlags = Context.Reference<number | undefined>(
  "@gorax/tracing/model/SpanContext/RemoteTraceFlags",
  {
    defaultValue: () => undefined
  }
)

/** The `tracestate` an external span arrived with. */
export const RemoteTraceState = Context.Reference<string>("@gorax/tracing/model/SpanContext/RemoteTraceState", {
  defaultValue: () => ""
})

/** Marks an external span that another tracer of this very process opened. */
export const OfThisProcess = Context.Reference<boolean>("@gorax/tracing/model/SpanContext/OfThisProcess", {
  defaultValue: () => false
})

const validTraceId = /^(?!0{32})[0-9a-f]{32}$/
const validSpanId = /^(?!0{16})[0-9a-f]{16}$/

/** True when both ids are well formed and not zero. */
export const isValid = (ids: { readonly traceId: string; readonly spanId: string }): boolean =>
  isText(ids.traceId) && isText(ids.spanId) && validTraceId.test(ids.traceId) && validSpanId.test(ids.spanId)

const isText = (value: unknown): boolean => typeof value === "string"

/** More than the 32 members of a trace state can be, in characters. */
const longestState = 32 * 513

/** The context without flags that are no number, and a state that is no text or longer than any: ids are what counts. */
export const sound = (context: SpanContext): SpanContext => {
  const { spanId, traceFlags, traceId, traceState } = context
  const flags = Number.isInteger(traceFlags)
  const state = isText(traceState) && traceState.length <= longestState
  return flags && state
    ? context
    : { traceId, spanId, traceFlags: flags ? traceFlags : 0, traceState: state ? traceState : "" }
}

/** The span itself, or the nearest around it that Effect has not hidden from others. */
export const visible = (span: Tracer.AnySpan | undefined): Tracer.AnySpan | undefined => {
  while (span !== undefined && Context.get(span.annotations, Tracer.DisablePropagation)) {
    span = span._tag === "Span" ? Option.getOrUndefined(span.parent) : undefined
  }
  return span
}

const carriesContext = (span: Tracer.AnySpan): span is Tracer.AnySpan & SpanContext => "traceFlags" in span

/** Reads the context of any span: ours, another tracer's or one from outside. Asking for the ids settles sampling. */
export const fromSpan = (span: Tracer.AnySpan): SpanContext =>
  carriesContext(span)
    ? { traceId: span.traceId, spanId: span.spanId, traceFlags: span.traceFlags, traceState: span.traceState }
    : {
        traceId: span.traceId,
        spanId: span.spanId,
        traceFlags: Context.get(span.annotations, RemoteTraceFlags) ?? (span.sampled ? sampledFlag : 0),
        traceState: Context.get(span.annotations, RemoteTraceState)
      }

/** Makes a parent out of a context that came from outside. */
export const toExternalSpan = (context: SpanContext): Tracer.ExternalSpan =>
  Tracer.externalSpan({
    traceId: context.traceId,
    spanId: context.spanId,
    sampled: (context.traceFlags & sampledFlag) !== 0,
    annotations: Context.empty().pipe(
      Context.add(RemoteTraceFlags, context.traceFlags),
      Context.add(RemoteTraceState, context.traceState)
    )
  })
