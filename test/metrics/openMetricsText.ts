/**
 * A strict reader of OpenMetrics 1.0, written from its ABNF and its rules, and sharing nothing with our writer.
 *
 * It takes no byte that the grammar does not, and throws where a rule is broken: `line 3: …`.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly exemplar?: {
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
    readonly time?: number
  }
}

export interface Family {
  readonly name: string
  readonly type: string
  readonly unit: string
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

const types: Readonly<Record<string, ReadonlyArray<string>>> = {
  counter: ["_total", "_created"],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count", "_created"],
  gaugehistogram: ["_bucket", "_gsum", "_gcount"],
  stateset: [""],
  info: ["_info"],
  summary: ["", "_sum", "_count", "_created"],
  unknown: [""]
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const realNumber = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

const numberOf = (text: string): number => {
  if (/^nan$/i.test(text)) return NaN
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(text)
  if (infinite !== null) return infinite[1] === "-" ? -Infinity : Infinity
  if (!realNumber.test(text)) throw new Error(`${JSON.stringify(text)} is no number`)
  return Number(text)
}

const unescaped = (text: string): string => {
  if (!/^(?:[^\\"\n]|\\[n"\\])*$/.test(text)) throw new Error(`${JSON.stringify(text)} is not escaped`)
  return text.replace(/\\(.)/g, (_, character) => (character === "n" ? "\n" : character))
}

/** Labels at the beginning of a text, and what comes after them. */
const labelsIn = (text: string): readonly [Record<string, string>, string] => {
  const labels: Record<string, string> = {}
  let rest = text.slice(1)
  for (let first = true; !rest.startsWith("}"); first = false) {
    const label = /^(,?)([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^\\"\n]|\\.)*)"/.exec(rest)
    if (label === null || (label[1] === "") !== first) throw new Error(`no label at ${rest}`)
    if (Object.hasOwn(labels, label[2]!)) throw new Error(`label ${label[2]} twice`)
    labels[label[2]!] = unescaped(label[3]!)
    rest = rest.slice(label[0].length)
  }
  return [labels, rest.slice(1)]
}

const exemplarOf = (text: string): NonNullable<Sample["exemplar"]> => {
  if (!text.startsWith("{")) throw new Error("an exemplar has labels")
  const [labels, rest] = labelsIn(text)
  const size = [...Object.entries(labels).flat().join("")].length
  if (size > 128) throw new Error(`an exemplar's labels have ${size} characters`)
  const [nothing, value, time, ...more] = rest.split(" ")
  if (nothing !== "" || value === undefined || more.length > 0) throw new Error("an exemplar is labels, value and time")
  if (time !== undefined && !realNumber.test(time)) throw new Error("a time is a real number")
  return { labels, value: numberOf(value), ...(time === undefined ? {} : { time: Number(time) }) }
}

const sampleOf = (line: string): Sample => {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0]
  if (name === undefined) throw new Error("no name")
  const after = line.slice(name.length)
  const [labels, rest] = after.startsWith("{") ? labelsIn(after) : [{}, after]
  const at = rest.indexOf(" # ")
  const [nothing, value, time, ...more] = (at < 0 ? rest : rest.slice(0, at)).split(" ")
  if (nothing !== "" || value === undefined || more.length > 0)
    throw new Error("a sample is name, labels, value and time")
  if (time !== undefined && !realNumber.test(time)) throw new Error("a time is a real number")
  return { name, labels, value: numberOf(value), ...(at < 0 ? {} : { exemplar: exemplarOf(rest.slice(at + 3)) }) }
}

const without = (labels: Readonly<Record<string, string>>, key: string): string =>
  JSON.stringify(
    Object.entries(labels)
      .filter(([name]) => name !== key)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
  )

const judgeHistogram = ({ name, samples }: Family): void => {
  for (const [, ofMetric] of Map.groupBy(samples, ({ labels }) => without(labels, "le"))) {
    const buckets = ofMetric.filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) => numberOf(labels["le"] ?? "none"))
    if (bounds.at(-1) !== Infinity) throw new Error(`${name} has no +Inf bucket`)
    for (const [index, { exemplar, value }] of buckets.entries()) {
      const [low, high] = [bounds[index - 1] ?? -Infinity, bounds[index]!]
      if (low >= high) throw new Error(`${name} has buckets out of order`)
      if (!/^(?:\+Inf|-?\d+\.\d+(?:e[+-]?\d+)?|-?\d+e[+-]?\d+)$/.test(buckets[index]!.labels["le"]!))
        throw new Error(`${name}: le is no float`)
      if (value < (buckets[index - 1]?.value ?? 0)) throw new Error(`${name} is not cumulative`)
      if (exemplar !== undefined && !(exemplar.value > low && exemplar.value <= high))
        throw new Error(`${name} has an exemplar in a bucket of others`)
    }
    const count = ofMetric.find((sample) => sample.name === `${name}_count`)
    const sum = ofMetric.find((sample) => sample.name === `${name}_sum`)
    if (count !== undefined && count.value !== buckets.at(-1)!.value) throw new Error(`${name} counts differ`)
    if ((sum === undefined) !== (count === undefined)) throw new Error(`${name} has a sum without a count, or no sum`)
    if (sum !== undefined && bounds.some((bound) => bound < 0)) throw new Error(`${name} has a sum that may decrease`)
  }
}

const judge = (family: Family): void => {
  const { name, samples, type, unit } = family
  if (unit !== "" && !name.endsWith(`_${unit}`)) throw new Error(`${name} does not end in its unit ${unit}`)
  const seen = new Set<string>()
  for (const sample of samples) {
    const suffix = sample.name.slice(name.length)
    if (!sample.name.startsWith(name) || !types[type]!.includes(suffix))
      throw new Error(`${sample.name} is no sample of the ${type} ${name}`)
    const key = sample.name + without(sample.labels, "")
    if (seen.has(key)) throw new Error(`${key} twice`)
    seen.add(key)
    const takesExemplar = suffix === "_total" || suffix === "_bucket"
    if (sample.exemplar !== undefined && !takesExemplar) throw new Error(`${sample.name} may have no exemplar`)
    if (type === "counter" && !(sample.value >= 0)) throw new Error(`${sample.name} is no total`)
    if (Object.keys(sample.labels).some((label) => label.startsWith("__"))) throw new Error("a reserved label")
    if (type === "summary" && suffix === "" && !(Number(sample.labels["quantile"]) >= 0)) throw new Error("no quantile")
  }
  if (type === "histogram") judgeHistogram(family)
}

/** Reads an exposition; throws at the first thing that is not as it should be. */
export const parse = (text: string): ReadonlyArray<Family> => {
  if (!text.endsWith("# EOF\n")) throw new Error("no # EOF at the end")
  const lines = text.split("\n").slice(0, -2)
  const families: Array<{ name: string; type: string; unit: string; help: string; samples: Array<Sample> }> = []
  const names = new Set<string>()
  const told = new Set<string>()
  for (const [index, line] of lines.entries()) {
    try {
      const descriptor = /^# (TYPE|HELP|UNIT) ([^ ]+) ([^\n]*)$/.exec(line)
      const last = families.at(-1)
      if (descriptor !== null) {
        const [, what = "", name = "", rest = ""] = descriptor
        if (!metricName.test(name)) throw new Error("no name of a metric")
        if (last?.name !== name) {
          if (names.has(name)) throw new Error(`${name} is interleaved with others`)
          names.add(name)
          families.push({ name, type: "unknown", unit: "", help: "", samples: [] })
        } else if (last.samples.length > 0) throw new Error("described after its samples")
        if (told.has(`${what} ${name}`)) throw new Error(`${what} twice`)
        told.add(`${what} ${name}`)
        const family = families.at(-1)!
        if (what === "TYPE") {
          if (!Object.hasOwn(types, rest)) throw new Error(`${rest} is no type`)
          family.type = rest
        } else if (what === "UNIT") {
          if (!/^[a-zA-Z0-9_:]*$/.test(rest)) throw new Error("no unit")
          family.unit = rest
        } else family.help = unescaped(rest)
        continue
      }
      if (line.startsWith("#") || line === "") throw new Error("neither sample nor descriptor")
      const sample = sampleOf(line)
      if (last !== undefined && types[last.type]!.some((suffix) => sample.name === last.name + suffix)) {
        last.samples.push(sample)
      } else {
        if (names.has(sample.name) || last?.name === sample.name) throw new Error(`${sample.name} does not belong here`)
        names.add(sample.name)
        families.push({ name: sample.name, type: "unknown", unit: "", help: "", samples: [sample] })
      }
    } catch (error) {
      throw new Error(`line ${index + 1}: ${(error as Error).message}: ${line}`, { cause: error })
    }
  }
  families.forEach(judge)
  return families
}
