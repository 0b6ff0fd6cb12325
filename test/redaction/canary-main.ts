/**
 * `npm run redaction:canary`: whether a secret gets out of a program that says it wherever it can.
 *
 * `--json` prints one object a line. Exits with 0 only when nothing is found.
 */
import * as Bar from "./Bar.ts"
import * as Canary from "./Canary.ts"
import * as Planted from "./Planted.ts"

const json = process.argv.includes("--json")
const bars = await Canary.measure()
for (const bar of bars) console.log(json ? JSON.stringify(bar) : Bar.show(bar))
const failed = bars.filter(({ ok }) => !ok)
console.log(
  json
    ? JSON.stringify({ bar: "P1", ok: failed.length === 0 })
    : failed.length === 0
      ? `P1 holds: of ${Planted.forms.length} secrets in every place, none was found.`
      : `P1 does not hold: ${failed.length} of ${bars.length} searches found something.`
)
process.exitCode = failed.length === 0 ? 0 : 1
