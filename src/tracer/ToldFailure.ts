/**
 * Errors whose stack is told already.
 *
 * One error fails every span on its way up. Its stack belongs on the innermost
 * of them; the spans around it name the error and leave the stack out.
 */
interface Failed {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
}

/** The span that last failed with an error. */
const lastFailed = new WeakMap<object, Pick<Failed, "traceId" | "parentSpanId">>()

/** True when a child of this span has just failed with the same error; notes that this one did now. */
export const isToldByChild = (error: unknown, { parentSpanId, spanId, traceId }: Failed): boolean => {
  if (typeof error !== "object" || error === null) return false
  const last = lastFailed.get(error)
  lastFailed.set(error, { traceId, parentSpanId })
  return last?.traceId === traceId && last.parentSpanId === spanId
}
