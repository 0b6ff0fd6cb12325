import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import { pages } from "./pages.ts"

const all = [...pages, "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]

const withoutBlocks = (text: string): string => text.replace(/^ *```[^]*?^ *```$/gm, "")

const withoutCode = (text: string): string => withoutBlocks(text).replace(/`[^`\n]*`/g, "code")

/** The names that headings are found by, as GitHub makes them. */
const anchorsOf = (file: string): ReadonlySet<string> => {
  const seen = new Map<string, number>()
  const text = withoutBlocks(fs.readFileSync(file, "utf8"))
  return new Set(
    Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading = ""]) => {
      const name = heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .trim()
        .replace(/\s/g, "-")
      const count = seen.get(name) ?? 0
      seen.set(name, count + 1)
      return count === 0 ? name : `${name}-${count}`
    })
  )
}

/** What is wrong with the links of a page; those to elsewhere are not followed. */
const broken = (page: string, text: string): ReadonlyArray<string> => {
  const links = Array.from(withoutCode(text).matchAll(/\]\(([^()\s]+)\)/g), ([, target = ""]) => target)
  return links.flatMap((target) => {
    if (/^[a-z]+:/.test(target)) return []
    const [to = "", anchor] = target.split("#")
    const file = to === "" ? page : path.posix.join(path.posix.dirname(page), to)
    if (!fs.existsSync(file)) return [`${page} links to ${target}, and there is no ${file}`]
    return anchor !== undefined && !anchorsOf(file).has(anchor)
      ? [`${page} links to ${target}, and ${file} has no such heading`]
      : []
  })
}

describe("the pages", () => {
  for (const page of all) {
    it(`${page} links to what is there`, () => {
      assert.deepStrictEqual(broken(page, fs.readFileSync(page, "utf8")), [])
    })
  }

  it("are all found from docs/README.md", () => {
    const index = fs.readFileSync("docs/README.md", "utf8")
    const linked = new Set(
      Array.from(index.matchAll(/\]\(([^()\s#]+)/g), ([, target = ""]) => path.posix.join("docs", target))
    )
    assert.deepStrictEqual(
      pages.filter((page) => page !== "docs/README.md" && !linked.has(page)),
      []
    )
  })

  it("would not get away with a link to nowhere", () => {
    const text =
      "[a](nowhere.md) [b](README.md#no-such) [c](#none) `[d](code.md)` [e](https://example.com) [f](README.md)"
    assert.deepStrictEqual(broken("docs/x.md", text).length, 3)
  })
})
