/**
 * The matrix of bar R2, every fault over every transport; with `--outage` bar R1, half a minute without a collector, at
 * full length and with real settings; with `--stop` bar R6, processes that are told to stop. One line each; exits 0 only
 * when all of them hold.
 *
 * `npm run faults`, `npm run faults -- --json`, `npm run faults -- hang`, `npm run faults -- --outage`,
 * `npm run faults -- --stop`.
 */
import { Effect } from "effect"
import { parseArgs } from "node:util"
import * as MemoryOutage from "./MemoryOutage.ts"
import * as Scenario from "./Scenario.ts"
import * as Stops from "./Stops.ts"

const {
  positionals: names,
  values: { json = false, outage = false, stop = false }
} = parseArgs({
  options: { json: { type: "boolean" }, outage: { type: "boolean" }, stop: { type: "boolean" } },
  allowPositionals: true
})

const chosen = Scenario.scenarios.filter(
  ({ fault }) => names.length === 0 || names.some((name) => fault.includes(name))
)
const runs: ReadonlyArray<Effect.Effect<Scenario.Row | MemoryOutage.Row | Stops.Row>> = outage
  ? Scenario.transports.map((transport) => MemoryOutage.run(MemoryOutage.halfAMinute, transport))
  : stop
    ? Stops.all
    : chosen.flatMap((scenario) => Scenario.transports.map((transport) => Scenario.run(scenario, transport)))

const told = outage || stop ? "Real settings and real time: it takes some 40 seconds." : Scenario.scale
if (!json) console.log(told)
else console.error(told)
const rows = await Effect.runPromise(
  Effect.forEach(
    runs,
    Effect.tap((row) => Effect.sync(() => (json ? console.log(JSON.stringify(row)) : undefined))),
    { concurrency: stop ? 1 : Scenario.transports.length }
  )
)
if (!json) console.table(rows)
process.exitCode = rows.length > 0 && rows.every(({ ok }) => ok) ? 0 : 1
