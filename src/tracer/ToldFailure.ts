/**
 * Errors whose stack is told already.
 *
 * One error fails every span on its way up. Its stack belongs on the innermost
 * of them; the spans around it name the error and leave the stack out.
 *
 * A few errors on their way are remembered, and forgotten when they have
 * reached the span that began the trace here. Where more than those fail side
 * by side, a stack may be told twice. A `WeakMap` would remember all of them,
 * and costs more than all else that a failed span is but its stack.
 */
interface Failed {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly parentIsRemote: boolean
}

const remembered = 16

/** An error, and the span around the one that it failed last. */
class OnItsWay {
  error: unknown
  traceId = ""
  parentSpanId: string | undefined
}

const onTheirWay: ReadonlyArray<OnItsWay> = Array.from({ length: remembered }, () => new OnItsWay())
let oldest = 0

const find = (error: unknown): OnItsWay | undefined => {
  for (let index = 0; index < remembered; index++) if (onTheirWay[index]!.error === error) return onTheirWay[index]
  return undefined
}

/** True when a child of this span has just failed with the same error; notes that this one did now. */
export const isToldByChild = (error: unknown, span: Failed): boolean => {
  if (typeof error !== "object" || error === null) return false
  const { parentIsRemote, parentSpanId, spanId, traceId } = span
  const known = find(error)
  const told = known !== undefined && known.traceId === traceId && known.parentSpanId === spanId
  if (parentSpanId === undefined || parentIsRemote) {
    if (known !== undefined) known.error = undefined
    return told
  }
  const entry = known ?? onTheirWay[(oldest = (oldest + 1) % remembered)]!
  entry.error = error
  entry.traceId = traceId
  entry.parentSpanId = parentSpanId
  return told
}
