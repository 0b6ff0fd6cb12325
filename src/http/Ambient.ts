/**
 * The context of the request at hand, for code that runs outside of fibers.
 *
 * It follows promises, timers and events, as `AsyncLocalStorage` does. Nothing
 * is entered until somebody uses it.
 */
import { AsyncLocalStorage } from "node:async_hooks"
import * as Context from "effect/Context"
import * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"

const storage = new AsyncLocalStorage<Context.Context<never>>()

/** Runs functions as if they were called here, in this context and in all others that are current now. */
export type Inside = <A>(body: () => A) => A

export const inside = (context: Context.Context<never>): Inside =>
  storage.run(context, () => AsyncLocalStorage.snapshot())

/**
 * The context of the fiber or the request that is running now, over the one that was `captured`; that one alone where
 * none is. Where something runs without a span, the captured one is not its own.
 */
export const over = (captured: Context.Context<never>): Context.Context<never> => {
  const current = Fiber.getCurrent()?.context ?? storage.getStore()
  if (current === undefined) return captured
  const merged = Context.merge(captured, current)
  return Context.getOrUndefined(current, Tracer.ParentSpan) === undefined
    ? Context.omit(Tracer.ParentSpan)(merged)
    : merged
}
