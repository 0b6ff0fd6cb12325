import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { FakeCollector } from "@gorax/tracing/testing"
import { Effect, Layer } from "effect"
import * as Endings from "./Endings.ts"
import * as Kills from "./Kills.ts"
import * as Outage from "./Outage.ts"

const world = Layer.merge(FakeCollector.layer, NodeServices.layer)

// All of it is `npm run crash`
describe("with a spool no span that has ended is lost", () => {
  it.live("though its process is killed, again and again", () =>
    Kills.kills(6).pipe(
      Effect.map((row) => assert.isTrue(row.ok, JSON.stringify(row))),
      Effect.provide(world)
    )
  )

  it.live("though nobody listens for longer than memory lasts, and none arrives twice", () =>
    Outage.outage(3, 2000).pipe(
      Effect.map((row) => assert.isTrue(row.ok, JSON.stringify(row))),
      Effect.provide(world)
    )
  )

  const holds = (rows: Endings.Rows) =>
    rows.pipe(
      Effect.map((rows) => {
        for (const row of rows) assert.isTrue(row.ok, JSON.stringify(row))
      }),
      Effect.provide(world)
    )

  for (const [ending, collector] of [
    ["exit", "hang"],
    ["uncaught", "down"],
    ["SIGHUP", "slow"],
    ["return", "down"]
  ] as const) {
    it.live(
      `though the process ends by ${ending} while the collector is ${collector}; those that were open say so, and it ` +
        "exits as it would without",
      () => holds(Endings.ended(ending, collector))
    )
  }

  it.live("though whoever started it ignores hangups; it does about one what it would without", () =>
    holds(Endings.hangupIgnored)
  )

  it.live("though it hangs up twice, the second time at once", () => holds(Endings.hangupTwice))

  it.live("though it is told twice to stop, the second time at once", () => holds(Endings.stoppedTwice("SIGTERM")))
})
