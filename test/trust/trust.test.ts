import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Bar } from "./Bar.ts"
import * as Egress from "./Egress.ts"
import * as Ingress from "./Ingress.ts"

const wrong = (bars: ReadonlyArray<Bar>) =>
  bars.filter(({ ok }) => !ok).map(({ bar, figure, name }) => ({ bar, figure, name }))

/** `npm run trust` measures the same with more requests. */
describe("trust", () => {
  it.live("no trick gets a context to a host that may not have it, by name or by redirect", () =>
    Effect.map(Egress.measure, (bars) => assert.deepStrictEqual(wrong(bars), []))
  )

  it.live("strangers neither choose what is recorded nor under which id, and services go on", () =>
    Effect.map(Ingress.measure(1000), (bars) =>
      // So few are recorded of so many that their share is chance
      assert.deepStrictEqual(wrong(bars.filter(({ name }) => !name.includes("recorded at"))), [])
    )
  )
})
