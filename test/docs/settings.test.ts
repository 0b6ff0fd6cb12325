import { assert, describe, it } from "@effect/vitest"
import { TracingConfig } from "@gorax/tracing"
import { Result } from "effect"
import * as fs from "node:fs"
import * as SettingTable from "../../src/layers/SettingTable.ts"
import { pages } from "./pages.ts"

type Settings = Readonly<Record<string, string>>

const named = /\b(?:TRACING|OTEL)_[A-Z][A-Z0-9_]*/g

/** Names of the Go package that one page tells how to replace. */
const replaced: Readonly<Record<string, ReadonlyArray<string>>> = {
  "docs/migration-go.md": [
    "TRACING_BATCH_MAX_QUEUE_SIZE",
    "TRACING_BATCH_MAX_EXPORT_SIZE",
    "TRACING_BATCH_TIMEOUT_MS",
    "TRACING_BATCH_EXPORT_TIMEOUT_MS"
  ]
}

const known = new Set(SettingTable.keys)

/** `NAME=value` at the beginning of a line or of a command; a comment is none. */
const fromLines = (text: string): ReadonlyArray<readonly [string, string]> =>
  Array.from(text.matchAll(/^\s*(?:export )?((?:(?:TRACING|OTEL)_[A-Z0-9_]+=\S* ?)+)/gm), ([, pairs = ""]) =>
    pairs.trim().split(/\s+/)
  )
    .flat()
    .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)] as const)

/** `- name: NAME` and below it `value: "…"`, as Kubernetes has it. */
const fromYaml = (text: string): ReadonlyArray<readonly [string, string]> =>
  Array.from(
    text.matchAll(/name: ((?:TRACING|OTEL)_[A-Z0-9_]+)\n\s*value: "([^"]*)"/g),
    ([, name = "", value = ""]) => [name, value] as const
  )

/** The settings of each block; a name that comes again begins another way to say it. */
const blocksOf = (page: string): ReadonlyArray<Settings> =>
  Array.from(fs.readFileSync(page, "utf8").matchAll(/```(sh|yaml|dotenv)\n([^]*?)```/g), ([, language, text = ""]) => {
    const sets: Array<Record<string, string>> = [{}]
    for (const [name, value] of language === "yaml" ? fromYaml(text) : fromLines(text)) {
      if (Object.hasOwn(sets.at(-1)!, name)) sets.push({})
      sets.at(-1)![name] = value
    }
    return sets.filter((set) => Object.keys(set).length > 0)
  }).flat()

const problems = (settings: Settings): ReadonlyArray<string> => {
  const unknown = Object.keys(settings).filter((name) => !known.has(name))
  const read = TracingConfig.fromRecord({ TRACING_ENABLED: "true", ...settings })
  return [
    ...unknown.map((name) => `${name} is no setting`),
    ...(Result.isFailure(read) ? read.failure.problems.map(({ key, rule, value }) => `${key}=${value}: ${rule}`) : [])
  ]
}

describe("the settings that pages show", () => {
  for (const page of pages) {
    it(`${page} shows settings that are accepted`, () => {
      for (const settings of blocksOf(page)) assert.deepStrictEqual(problems(settings), [], JSON.stringify(settings))
    })

    it(`${page} names only settings that exist`, () => {
      const text = fs.readFileSync(page, "utf8")
      const strange = Array.from(text.matchAll(named), ([name]) => name).filter(
        (name) =>
          !known.has(name) &&
          // A family of settings, written TRACING_HTTP_*
          !(name.endsWith("_") && SettingTable.keys.some((key) => key.startsWith(name))) &&
          !(/^(?:TRACING|OTEL)_[A-Z]+$/.test(name) && text.includes(`${name}*`)) &&
          replaced[page]?.includes(name) !== true
      )
      assert.deepStrictEqual([...new Set(strange)], [])
    })
  }

  it("are found: each page about a backend has some", () => {
    const howTo = pages.filter((page) => page.startsWith("docs/how-to/"))
    assert.isAbove(howTo.length, 6)
    for (const page of howTo) assert.isAbove(blocksOf(page).length, 0, page)
    assert.strictEqual(blocksOf("docs/how-to/kubernetes.md")[0]?.["TRACING_SHUTDOWN_TIMEOUT"], "5 seconds")
  })

  it("would not be accepted if they were wrong", () => {
    assert.deepStrictEqual(problems({ TRACING_NOISE: "1" }), ["TRACING_NOISE is no setting"])
    assert.match(problems({ TRACING_SAMPLE_RATE: "2" }).join(), /TRACING_SAMPLE_RATE="2": a number from 0 to 1/)
  })
})
