import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as SpanNames from "../../src/model/SpanNames.ts"
import { pages } from "./pages.ts"

/** What each namespace exports, values and types, as docs/api.md has it. */
const exported: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  fs
    .readFileSync("docs/api.md", "utf8")
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [name = "", ...lines] = section.split("\n")
      const listed = lines.filter((line) => /^(?:\| `|Types: |And `|`)/.test(line))
      const names = listed.flatMap((line) =>
        Array.from(
          (line.startsWith("|") ? line.slice(0, line.indexOf("|", 1)) : line).matchAll(/`(\w+)`/g),
          ([, one = ""]) => one
        )
      )
      return [name, new Set(names)] as const
    })
)

/** `Namespace.name` in the text of a page, where the namespace is one of ours. */
const mentions = (text: string): ReadonlyArray<string> => {
  const namespaces = [...exported.keys()].join("|")
  return Array.from(text.matchAll(new RegExp(`\\b(${namespaces})\\.(\\w+)`, "g")), ([mention]) => mention)
}

const unknown = (text: string): ReadonlyArray<string> =>
  mentions(text).filter((mention) => {
    const [namespace = "", name = ""] = mention.split(".")
    return name !== "ts" && exported.get(namespace)?.has(name) !== true
  })

describe("the pages", () => {
  for (const page of pages) {
    it(`${page} names only exports that exist`, () => {
      assert.deepStrictEqual([...new Set(unknown(fs.readFileSync(page, "utf8")))], [])
    })
  }

  it("would not get away with others", () => {
    assert.isAbove(mentions(fs.readFileSync("docs/migration-go.md", "utf8")).length, 20)
    assert.deepStrictEqual(unknown("Traced.step and Traced.stop, Carrier.inject"), ["Traced.stop"])
  })

  it("docs/migration-go.md leads to every span name of the platform", () => {
    const [, table = ""] = fs.readFileSync("docs/migration-go.md", "utf8").split("## What becomes of a span")
    const rows = table
      .split("\n## ", 1)[0]!
      .split("\n")
      .filter((line) => line.startsWith("| "))
    const reached = rows.map((row) => row.split("|")[2]?.trim().replaceAll("`", ""))
    assert.includeMembers(reached, Object.values(SpanNames))
  })
})
