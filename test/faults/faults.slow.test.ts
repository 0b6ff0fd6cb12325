import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as MemoryOutage from "./MemoryOutage.ts"
import * as Scenario from "./Scenario.ts"

// The whole matrix is `npm run faults`, an outage of half a minute `npm run faults -- --outage`
const slice = ["refused", "503 Retry-After", "reset mid-request", "400", "413, half fits", "partial success"]

describe("no span is lost but those that are refused for good, and those are counted", () => {
  for (const scenario of Scenario.scenarios.filter(({ fault }) => slice.includes(fault))) {
    for (const transport of Scenario.transports) {
      it.live(`${scenario.fault}, over ${transport}`, () =>
        Effect.map(Scenario.run(scenario, transport), (row) => assert.isTrue(row.ok, JSON.stringify(row)))
      )
    }
  }

  it.live(
    "three seconds without a collector at 1,000 spans a second, with the settings of a program that set none",
    () =>
      Effect.forEach(
        Scenario.transports,
        (transport) =>
          Effect.map(MemoryOutage.run({ from: 1, to: 4, end: 5 }, transport), (row) =>
            assert.isTrue(row.ok, JSON.stringify(row))
          ),
        { concurrency: "unbounded", discard: true }
      )
  )
})
