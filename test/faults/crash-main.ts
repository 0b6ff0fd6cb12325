/**
 * Bars R1, R4 and R5 with a spool, one JSON line each; exits 0 only when all of them hold.
 *
 * `npm run crash` is all of them; `npm run crash -- outage`, `npm run crash -- --n 100` and `npm run crash -- endings`
 * are one of them each.
 */
import { NodeServices } from "@effect/platform-node"
import { FakeCollector } from "@gorax/tracing/testing"
import { Effect, Layer } from "effect"
import { parseArgs } from "node:util"
import * as Crash from "./Crash.ts"
import * as Outage from "./Outage.ts"

const { positionals, values } = parseArgs({ options: { n: { type: "string" } }, allowPositionals: true })
const everything = positionals.length === 0 && values.n === undefined
const states = Object.keys(Crash.collectors) as Array<keyof typeof Crash.collectors>

type Row = Crash.KillsRow | Crash.EndingRow | Outage.OutageRow
const runs: Array<Effect.Effect<Row, unknown, Crash.Needs>> = []
if (everything || positionals.includes("outage")) runs.push(Outage.outage(30, 1000))
if (everything || values.n !== undefined) runs.push(Crash.kills(Number(values.n ?? 100)))
if (everything || positionals.includes("endings")) {
  runs.push(...Crash.endings.flatMap((ending) => states.map((state) => Crash.ended(ending, state))))
}

const rows = await Effect.runPromise(
  Effect.forEach(
    runs,
    (run) =>
      run.pipe(
        Effect.provide(Layer.merge(FakeCollector.layer, NodeServices.layer)),
        Effect.tap((row) => Effect.sync(() => console.log(JSON.stringify(row))))
      ),
    { concurrency: 2 }
  )
)
process.exitCode = rows.length > 0 && rows.every(({ ok }) => ok) ? 0 : 1
