/**
 * The soak of bar R8: ten minutes, or as many as are given. Exits 0 only when it holds.
 *
 * `npm run soak`, `npm run soak -- --minutes 1 --json`.
 */
import { Effect } from "effect"
import { parseArgs } from "node:util"
import * as Soak from "./Soak.ts"

const { json, minutes } = parseArgs({
  options: { json: { type: "boolean", default: false }, minutes: { type: "string", default: "10" } }
}).values

const asked = Number(minutes)
if (!(asked > 0 && asked <= 24 * 60)) {
  console.error(`--minutes takes a number above 0, no more than a day; it is ${JSON.stringify(minutes)}.`)
  process.exit(2)
}
const row = await Effect.runPromise(Soak.run(asked))
if (json) console.log(JSON.stringify(row))
else console.table([row])
process.exitCode = row.ok ? 0 : 1
