/**
 * The matrix of bar R2: every fault over every transport, one line each; exits 0 only when all of them hold.
 *
 * `npm run faults`, `npm run faults -- --json`, `npm run faults -- hang`.
 */
import { Effect } from "effect"
import * as Scenario from "./Scenario.ts"

const args = process.argv.slice(2)
const json = args.includes("--json")
const names = args.filter((arg) => !arg.startsWith("--"))

const chosen = Scenario.scenarios.filter(
  ({ fault }) => names.length === 0 || names.some((name) => fault.includes(name))
)
const runs = chosen.flatMap((scenario) => Scenario.transports.map((transport) => ({ scenario, transport })))

if (!json) console.log(Scenario.scale)
else console.error(Scenario.scale)
const rows = await Effect.runPromise(
  Effect.forEach(
    runs,
    ({ scenario, transport }) =>
      Scenario.run(scenario, transport).pipe(
        Effect.tap((row) => Effect.sync(() => (json ? console.log(JSON.stringify(row)) : undefined)))
      ),
    { concurrency: Scenario.transports.length }
  )
)
if (!json) console.table(rows)
process.exitCode = rows.length > 0 && rows.every(({ ok }) => ok) ? 0 : 1
