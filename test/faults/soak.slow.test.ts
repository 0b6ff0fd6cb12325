import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Soak from "./Soak.ts"

// Ten minutes of it are `npm run soak`
describe("a program that ends 10,000 spans a second beside a collector that hangs", () => {
  it.live("stays small, and leaves it with few requests", () =>
    Effect.map(Soak.run(0.1, 5), (row) => assert.isTrue(row.ok, JSON.stringify(row)))
  )
})
