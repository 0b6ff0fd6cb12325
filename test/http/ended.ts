import { TracingTest } from "@gorax/tracing/testing"
import { Effect } from "effect"

/** Completes as soon as that many spans have ended, some in fibers of a server; the test times out if they never do. */
export const ended = (count: number): Effect.Effect<void, never, TracingTest.TracingTest> =>
  Effect.flatMap(TracingTest.TracingTest, ({ books }) =>
    Effect.whileLoop({ while: () => books.ended < count, body: () => Effect.yieldNow, step: () => {} })
  )
