import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Scenario from "./Scenario.ts"

// The whole matrix is `npm run faults`
const slice = ["refused", "503 Retry-After", "reset mid-request", "400", "413, half fits", "partial success"]

describe("no span is lost but those that are refused for good, and those are counted", () => {
  for (const scenario of Scenario.scenarios.filter(({ fault }) => slice.includes(fault))) {
    for (const transport of Scenario.transports) {
      it.live(`${scenario.fault}, over ${transport}`, () =>
        Effect.map(Scenario.run(scenario, transport), (row) => assert.isTrue(row.ok, JSON.stringify(row)))
      )
    }
  }
})
