/**
 * `npm run redaction:redos`: whether any text is slow to search for secrets, however it is made.
 *
 * `--json` prints one object a line. Exits with 0 only when every figure holds.
 */
import * as Bar from "./Bar.ts"
import * as Redos from "./Redos.ts"

const json = process.argv.includes("--json")
const bars = Redos.measure(7)
for (const bar of bars) console.log(json ? JSON.stringify(bar) : Bar.show(bar))
const failed = bars.filter(({ ok }) => !ok)
console.log(
  json
    ? JSON.stringify({ bar: "P2", ok: failed.length === 0 })
    : failed.length === 0
      ? "P2 holds: no text is slow to search."
      : `P2 does not hold: ${failed.length} of ${bars.length} figures.`
)
process.exitCode = failed.length === 0 ? 0 : 1
