/**
 * Work on a long list without holding the event loop up: a part of it at a time, between which others have their turn.
 */
import * as Effect from "effect/Effect"

/** Does each part of so many items in order; a list that is no longer than one part is done at once. */
export const inTurns = <Item, A>(
  items: ReadonlyArray<Item>,
  size: number,
  work: (part: ReadonlyArray<Item>) => A
): Effect.Effect<ReadonlyArray<A>> =>
  Effect.suspend(() => {
    if (items.length <= size) return Effect.succeed([work(items)])
    const done: Array<A> = []
    return Effect.whileLoop({
      while: () => done.length * size < items.length,
      body: () =>
        Effect.suspend(() => {
          const from = done.length * size
          done.push(work(items.slice(from, from + size)))
          return Effect.yieldNow
        }),
      step: () => undefined
    }).pipe(Effect.as(done))
  })
