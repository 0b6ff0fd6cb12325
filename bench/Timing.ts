/**
 * How long a call takes, when everything is warm.
 */
import { Bench } from "tinybench"

/** Shorter runs for CI. */
export const quick = process.argv.includes("--quick")

/** Nanoseconds for each of the `count` things that one run does: the median of many runs, or of a few long ones. */
export const perCall = async (run: () => unknown, count: number, atLeast = 50): Promise<number> => {
  const time = quick ? 200 : 400
  const bench = new Bench({
    time,
    warmupTime: 1.5 * time,
    iterations: atLeast,
    warmupIterations: Math.ceil(atLeast / 4)
  })
  bench.add("run", async () => {
    await run()
  })
  const [task] = await bench.run()
  if (task?.result.state !== "completed") throw new Error(`not completed: ${task?.result.state}`)
  return (task.result.latency.p50 * 1e6) / count
}
