/**
 * Every hot path against its peers, in one run: `npm run bench`, `npm run bench -- S1`, `npm run bench -- --json`.
 *
 * Each variant runs in a process of its own, because they would otherwise
 * spoil each other's inline caches; rounds are interleaved and medians are
 * reported, because the machine has other things to do.
 */
import { execFileSync } from "node:child_process"
import type { Variant } from "./span.ts"

interface Row {
  readonly bar: string
  readonly name: string
  readonly ours: Variant
  readonly peer: Variant
  readonly peerName: string
  /** `ratio` divides what both cost above the bare effect; `difference` says how much more ours costs than the peer. */
  readonly compares: "ratio" | "difference"
}

const rows: ReadonlyArray<Row> = [
  {
    bar: "S1",
    name: "sampled span, combinator",
    ours: "combinator",
    peer: "sdk",
    peerName: "OpenTelemetry SDK",
    compares: "ratio"
  },
  {
    bar: "S1",
    name: "sampled span, Effect's API",
    ours: "public",
    peer: "sdk",
    peerName: "OpenTelemetry SDK",
    compares: "ratio"
  },
  {
    bar: "S1",
    name: "sampled span, combinator",
    ours: "combinator",
    peer: "bridge",
    peerName: "@effect/opentelemetry",
    compares: "ratio"
  },
  { bar: "S2", name: "disabled", ours: "disabled", peer: "bare", peerName: "the bare effect", compares: "difference" },
  {
    bar: "S2",
    name: "unsampled child",
    ours: "unsampled",
    peer: "bare",
    peerName: "the bare effect",
    compares: "difference"
  }
]

const rounds = 5
const args = process.argv.slice(2)
const asked = args.filter((arg) => !arg.startsWith("-"))
const chosen = rows.filter((row) => asked.length === 0 || asked.includes(row.bar))
const names = [...new Set<Variant>([...chosen.flatMap((row) => [row.ours, row.peer]), "bare"])]

const measure = (variant: Variant): number =>
  Number(
    execFileSync(process.execPath, [...process.execArgv, `${import.meta.dirname}/variant.ts`, variant], {
      encoding: "utf8"
    })
  )

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!

const samples = new Map<Variant, Array<number>>(names.map((name) => [name, []]))
for (let round = 0; round < rounds; round++) {
  for (const name of names) samples.get(name)!.push(measure(name))
}
const cost = (name: Variant): number => median(samples.get(name)!)
/** The SDK runs no effect, so there is none to take away. */
const net = (name: Variant): number => (name === "sdk" ? cost(name) : cost(name) - cost("bare"))

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
const results = chosen.map(({ bar, compares, name, ours, peer, peerName }) => ({
  bar,
  name,
  ours: round(compares === "ratio" ? net(ours) : cost(ours), 1),
  peer: round(compares === "ratio" ? net(peer) : cost(peer), 1),
  peerName,
  ratio: round(compares === "ratio" ? net(ours) / net(peer) : cost(ours) / cost(peer), 2),
  difference: round(compares === "ratio" ? net(ours) - net(peer) : cost(ours) - cost(peer), 1),
  unit: "ns"
}))

if (args.includes("--json")) for (const result of results) console.log(JSON.stringify(result))
else console.table(results)
