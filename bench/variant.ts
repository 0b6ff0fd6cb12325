/** Measures one variant in a process of its own and prints nanoseconds per span. */
import { Effect } from "effect"
import { Bench } from "tinybench"
import { spansPerRun, type Variant, variants } from "./span.ts"

const run = await Effect.runPromise(variants[process.argv[2] as Variant] as Effect.Effect<() => Promise<void>>)
const bench = new Bench({ time: 400, warmupTime: 400 })
bench.add("variant", run)
const [task] = await bench.run()
if (task?.result.state !== "completed") throw new Error(`${process.argv[2]} did not complete: ${task?.result.state}`)
process.stdout.write(String((task.result.latency.p50 * 1e6) / spansPerRun))
process.exit(0)
