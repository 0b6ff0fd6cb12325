/**
 * Every hot path against its peers: `npm run bench`, `npm run bench -- S1 S4`.
 *
 * `--json` prints one object a line, `--quick` measures less, and `--check`
 * exits with 1 when a guard does not hold. See `bench/README.md`.
 */
import type { Bar, HotPath } from "./HotPath.ts"
import * as Rounds from "./Rounds.ts"

/** Which file measures which bars. Only what is asked for is loaded. */
const files: Readonly<Record<string, ReadonlyArray<string>>> = {
  span: ["S1", "S2"],
  primitive: ["S3"],
  memory: ["S4"],
  encode: ["S5"],
  deliver: ["S6", "S7"],
  http: ["S8"],
  scale: ["S9"],
  spool: ["S10"],
  failure: ["S11"],
  tail: ["S12"]
}

const args = process.argv.slice(2)
const asked = args.filter((arg) => !arg.startsWith("-"))
const isAsked = (bar: string): boolean => asked.length === 0 || asked.includes(bar)

const round = (value: number): number => Number(value.toFixed(Math.abs(value) < 10 ? 2 : 1))

const judge = ({ bar, compares, guard, name, peerName, target, unit }: Bar, compared: Rounds.Compared) => ({
  bar,
  name,
  ours: round(compared.ours),
  peer: round(compared.peer),
  peerName,
  ratio: round(compared.ratio),
  unit,
  compares,
  target: target ?? null,
  guard: guard ?? target ?? null,
  holds: target === undefined ? null : compared[compares === "ratio" ? "ratio" : "ours"] <= (guard ?? target)
})
type Result = ReturnType<typeof judge>

const bound = ({ compares, guard, target, unit }: Result): string =>
  target === null ? "" : `≤ ${target}${guard === target ? "" : ` [${guard}]`} ${compares === "ratio" ? "×" : unit}`

const toLine = (result: Result) => ({
  bar: result.bar,
  name: result.name,
  ours: `${result.ours} ${result.unit}`,
  peer: `${result.peer} ${result.unit}`,
  "peer's name": result.peerName,
  ratio: result.ratio,
  "target [guard]": bound(result),
  holds: result.holds ?? ""
})

const measured = async (file: string): Promise<ReadonlyArray<Result>> => {
  const { path } = (await import(`./${file}.ts`)) as { readonly path: HotPath }
  const chosen = path.bars.filter(({ bar }) => isAsked(bar))
  const compared = Rounds.run(file, path, chosen, args.includes("--quick"))
  return chosen.map((bar, index) => judge(bar, compared[index]!))
}

const results: Array<Result> = []
let failed = false
for (const [file, bars] of Object.entries(files)) {
  if (!bars.some(isAsked)) continue
  try {
    const judged = await measured(file)
    results.push(...judged)
    if (args.includes("--json")) for (const result of judged) console.log(JSON.stringify(result))
  } catch (error) {
    failed = true
    console.error(`bench/${file}.ts could not be measured: ${error instanceof Error ? error.message : String(error)}`)
  }
}
if (!args.includes("--json")) console.table(results.map(toLine))
if (args.includes("--check") && (failed || results.some(({ holds }) => holds === false))) process.exitCode = 1
