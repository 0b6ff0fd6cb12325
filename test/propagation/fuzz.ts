/**
 * `npm run fuzz -- --n 1000000 --seed 1`: random headers through every format, and 1 MiB of the worst kinds. Exits 0 only
 * when none throws, all that is written again follows its grammar, and 1 MiB is read within 5 ms.
 */
import { parseArgs } from "node:util"
import * as HeaderFuzz from "./headerFuzz.ts"

const { values } = parseArgs({
  options: { n: { type: "string", default: "1000000" }, seed: { type: "string", default: String(Date.now() >>> 0) } }
})
const bar = 5

const started = performance.now()
const { carrying, complaints, headers } = HeaderFuzz.run(Number(values.n), Number(values.seed))
const seconds = (performance.now() - started) / 1000
const slowest = HeaderFuzz.slowest()

for (const complaint of complaints) console.error(complaint)
const holds = headers > 0 && carrying > 0 && complaints.length === 0 && slowest.millis <= bar
console.log(
  `${holds ? "✓" : "✗"} C2 fuzz: ${headers} random headers in ${seconds.toFixed(1)} s, ${carrying} requests with a context, ` +
    `${complaints.length} complaints; 1 MiB takes ${slowest.millis.toFixed(2)} ms at most (${slowest.of}), ` +
    `bar ${bar} ms; seed ${values.seed}`
)
process.exitCode = holds ? 0 : 1
