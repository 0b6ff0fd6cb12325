/**
 * Random headers, from nearly right to nonsense, and what must hold for each of them.
 */
import { Propagator } from "@gorax/tracing"
import * as Grammar from "./grammar.ts"

const formats = Object.values(Propagator.named)
const names = [...formats.flatMap(({ fields }) => fields), "uberctx-tier"]

/** Small, quick and repeatable: the same seed makes the same headers. */
const randomFrom = (seed: number) => {
  let state = seed >>> 0
  return (below: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const samples: Readonly<Record<string, ReadonlyArray<string>>> = {
  traceparent: [
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff-more"
  ],
  tracestate: ["rojo=00f067aa0ba902b7,congo=t61rcWkgMzE, t@v=1", "gorax=debug"],
  baggage: ["userId=Am%C3%A9lie;ttl=30 ; secure, serverNode=DF%2028", "tier=gold"],
  b3: [
    "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-d-05e3ac9a4f6e3b90",
    "64fe8b2a57d3eff7-e457b5a2e4d86bd1",
    "0"
  ],
  "x-b3-traceid": ["80f198ee56343ba864fe8b2a57d3eff7", "64fe8b2a57d3eff7"],
  "x-b3-spanid": ["e457b5a2e4d86bd1"],
  "x-b3-sampled": ["1", "0", "true"],
  "x-b3-flags": ["1", "0"],
  "uber-trace-id": ["80f198ee56343ba864fe8b2a57d3eff7:e457b5a2e4d86bd1:0:3", "1%3A2%3A0%3A1"],
  "uberctx-tier": ["gold", "%C3%A9"],
  "x-amzn-trace-id": ["Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"]
}
const everything = Object.values(samples).flat()
const alphabet = Array.from('0123456789abcdefABCDEFgz-=,;:.%@_*/ \t"\\\0\n?').concat(
  "é",
  "\u00a0",
  "\ud800",
  "🎉",
  "%C3",
  "%FF",
  "%zz"
)

type Random = ReturnType<typeof randomFrom>
const pick = <A>(random: Random, from: ReadonlyArray<A>): A => from[random(from.length)]!

const mutated = (random: Random, text: string): string => {
  let result = text
  for (let changes = random(4); changes > 0; changes--) {
    const at = random(result.length + 1)
    const kind = random(4)
    const removed = kind === 0 ? 0 : kind === 3 ? random(8) : 1
    const added =
      kind === 1 ? "" : kind === 3 ? result.slice(random(result.length + 1)).slice(0, 40) : pick(random, alphabet)
    result = result.slice(0, at) + added + result.slice(at + removed)
  }
  return result
}

const nonsense = (random: Random): string => Array.from({ length: random(40) }, () => pick(random, alphabet)).join("")

const line = (random: Random, name: string): string => {
  const fitting = random(4) === 0 ? everything : (samples[name] ?? everything)
  const text = random(8) === 0 ? nonsense(random) : mutated(random, pick(random, fitting))
  return random(16) === 0 ? Array.from({ length: random(80) }, (_, index) => `k${index}${text}`).join(",") : text
}

/** What is wrong with what comes of reading these headers; nothing, as it should be. */
export const complaint = (headers: Propagator.HeaderLines): string | undefined => {
  try {
    for (const reader of formats) {
      const context = reader.extract(headers)
      if (context.span === undefined && context.baggage.size === 0) continue
      for (const writer of formats) {
        for (const [name, value] of Object.entries(writer.inject(context))) {
          if (!Grammar.isHeader(name, value)) return `${name}: ${JSON.stringify(value)}`
        }
      }
    }
    return undefined
  } catch (error) {
    return String(error)
  }
}

export interface Fuzzed {
  readonly headers: number
  /** How many of the requests carried something. A generator of nonsense alone would prove little. */
  readonly carrying: number
  readonly complaints: ReadonlyArray<string>
}

/** Reads so many random headers, several a request, and writes what they carry in every format. */
export const run = (count: number, seed: number): Fuzzed => {
  const random = randomFrom(seed)
  const complaints: Array<string> = []
  let headers = 0
  let carrying = 0
  while (headers < count) {
    const request = new Map<string, Array<string>>()
    // All that one format has, and a few more of any
    const sent = [...pick(random, formats).fields, ...Array.from({ length: random(3) }, () => pick(random, names))]
    for (const name of sent) request.set(name, [...(request.get(name) ?? []), line(random, name)])
    headers += sent.length
    if (formats.some((format) => format.extract(request).span !== undefined)) carrying++
    const found = complaint(request)
    if (found !== undefined && complaints.length < 10) complaints.push(`${JSON.stringify([...request])} → ${found}`)
  }
  return { headers, carrying, complaints }
}

const mebibyte = 1 << 20

/** Lines of 1 MiB that have cost parsers more than their length. */
const long: Readonly<Record<string, string>> = {
  spaces: " ".repeat(mebibyte),
  "spaces within": `00-${" ".repeat(mebibyte)}x`,
  commas: ",".repeat(mebibyte),
  semicolons: `k=v${";".repeat(mebibyte)}`,
  "equals signs": `k${"=".repeat(mebibyte)}`,
  percent: `k=${"%C3".repeat(mebibyte / 3)}`,
  dashes: "-".repeat(mebibyte),
  colons: ":".repeat(mebibyte),
  zeros: "0".repeat(mebibyte),
  members: "k=v,".repeat(mebibyte / 4),
  "a later version": `cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-${"x".repeat(mebibyte)}`
}

/** The longest that any format takes for any of them, in milliseconds: the best of a few tries, as machines are busy. */
export const slowest = (): { readonly millis: number; readonly of: string } =>
  Object.entries(long)
    .flatMap(([kind, value]) =>
      names.map((name) => {
        const headers = new Map([[name, [value]]])
        const tries = Array.from({ length: 3 }, () => {
          const started = performance.now()
          for (const format of formats) format.extract(headers)
          return performance.now() - started
        })
        return { millis: Math.min(...tries), of: `${kind} in ${name}` }
      })
    )
    .reduce((worst, next) => (next.millis > worst.millis ? next : worst))
