import { assert, describe, it } from "@effect/vitest"
import type { Bar } from "./Bar.ts"
import * as Canary from "./Canary.ts"
import * as Redos from "./Redos.ts"

const wrong = (bars: ReadonlyArray<Bar>) => bars.filter(({ ok }) => !ok).map(({ figure, name }) => ({ figure, name }))

/** `npm run redaction:canary` searches every way out, `npm run redaction:redos` takes more time for more texts. */
describe("redaction", () => {
  it("of a program that says its secrets wherever it can, nothing is found in what leaves it", async () => {
    assert.deepStrictEqual(wrong(await Canary.overHttp()), [])
  })

  it("a rule that throws masks, and texts without a secret stay as they are", () => {
    assert.deepStrictEqual(wrong(Canary.quick()), [])
  })

  it("no text is slow to search, however it is made", () => {
    assert.deepStrictEqual(wrong(Redos.measure(2, [""], Redos.looseBounds)), [])
  })
})
