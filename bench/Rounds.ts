/**
 * Measures variants in turn, each in a process of its own, and compares them round by round.
 *
 * Variants that share a process spoil each other's inline caches, and the
 * machine has other things to do: what is compared was measured in the same
 * round, and the median over the rounds is reported.
 */
import { execFileSync } from "node:child_process"
import type { Bar, Figures, HotPath } from "./HotPath.ts"

export interface Compared {
  readonly ours: number
  readonly peer: number
  readonly ratio: number
}

const usual = 5
const mostWhenQuick = 3

const measure = (pathName: string, variant: string, args: ReadonlyArray<string>): Figures => {
  const said = execFileSync(
    process.execPath,
    [...process.execArgv, `${import.meta.dirname}/variant.ts`, pathName, variant, ...args],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }
  )
  return JSON.parse(said.slice(said.lastIndexOf("\n"))) as Figures
}

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Measures what these bars need. */
export const run = (
  pathName: string,
  path: HotPath,
  bars: ReadonlyArray<Bar>,
  quick: boolean
): ReadonlyArray<Compared> => {
  const asked = bars.flatMap(({ ours, peer }) => [ours, peer])
  const names = [...new Set(asked.flatMap((name) => [name, path.idle?.[name] ?? name]))]
  const wanted = path.rounds ?? usual
  const count = quick ? Math.min(mostWhenQuick, Math.ceil(wanted / 2)) : wanted
  const rounds: Array<ReadonlyMap<string, Figures>> = []
  for (let round = 0; round < count; round++) {
    rounds.push(new Map(names.map((name) => [name, measure(pathName, name, quick ? ["--quick"] : [])])))
  }
  return bars.map(({ figure = "figure", gross = false, ours, peer }) => {
    const net = (round: ReadonlyMap<string, Figures>, name: string): number => {
      const idle = gross ? undefined : path.idle?.[name]
      return round.get(name)![figure]! - (idle === undefined ? 0 : round.get(idle)![figure]!)
    }
    return {
      ours: median(rounds.map((round) => net(round, ours))),
      peer: median(rounds.map((round) => net(round, peer))),
      ratio: median(rounds.map((round) => net(round, ours) / net(round, peer)))
    }
  })
}
