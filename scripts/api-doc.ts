/**
 * docs/api.md, made from the docstrings of everything that the entry points export; `npm run docs` writes it.
 *
 * Read as text: the native TypeScript has no API for tools yet, and house style keeps declarations simple enough. Types
 * are left to the editor and to api/, where API Extractor writes them down.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import packageJson from "../package.json" with { type: "json" }

export const file = new URL("../docs/api.md", import.meta.url)

const root = path.resolve(import.meta.dirname, "..")

/** Something that is exported: a namespace with a file of its own, or a declaration. */
interface Exported {
  readonly name: string
  readonly isType: boolean
  /** What its docstring says first; empty where it has none. */
  readonly says: string
  /** The file of a namespace. */
  readonly of: string | undefined
}

const comment = /\/\*\*((?:(?!\*\/)[^])*)\*\//

/** The first sentence or two of a docstring, without what is behind its first paragraph. */
const firstOf = (doc: string): string => {
  const lines = doc.split("\n").map((line) => line.replace(/^\s*\*? ?/, ""))
  const paragraph =
    lines
      .join("\n")
      .trim()
      .split(/\n\s*\n|\n@/, 1)[0] ?? ""
  return paragraph
    .replace(/\s+/g, " ")
    .replace(/\{@link (\w+)\}/g, "`$1`")
    .trim()
}

const read = (source: string): string => fs.readFileSync(path.join(root, source), "utf8")

const besides = (source: string, specifier: string): string => path.posix.join(path.posix.dirname(source), specifier)

const headerOf = (source: string): string => {
  const match = comment.exec(read(source))
  return match?.index === 0 ? firstOf(match[1] ?? "") : ""
}

const declaration = new RegExp(
  `(?:${comment.source}\\n)?export (?:declare )?(?:abstract )?(const|class|function\\*?|interface|type) (\\w+)`,
  "g"
)
const reExport = /export (type )?\{([^}]*)\} from "([^"]+)"/g
const handedOn = /export type \{([^}]*)\}(?! from)/g
const namespace = /export \* as (\w+) from "([^"]+)"/g

const exportsOf = (source: string): ReadonlyArray<Exported> => {
  const text = read(source)
  const found: Array<Exported> = []
  for (const [, name = "", specifier = ""] of text.matchAll(namespace)) {
    const of = besides(source, specifier)
    found.push({ name, isType: false, says: headerOf(of), of })
  }
  for (const [, doc = "", kind = "", name = ""] of text.matchAll(declaration)) {
    // What a file is named after is often said at its head
    const says = firstOf(doc) || (path.basename(source, ".ts") === name ? headerOf(source) : "")
    found.push({ name, isType: kind === "interface" || kind === "type", says, of: undefined })
  }
  for (const [, onlyTypes, names = "", specifier = ""] of text.matchAll(reExport)) {
    const there = exportsOf(besides(source, specifier))
    for (const entry of names.split(",")) {
      const [, isType, original, alias] = /^\s*(type )?(\w+)(?: as (\w+))?\s*$/.exec(entry) ?? []
      const one = there.find(({ name }) => name === original)
      if (one !== undefined) {
        const typeOnly = one.isType || onlyTypes !== undefined || isType !== undefined
        found.push({ ...one, name: alias ?? one.name, isType: typeOnly })
      }
    }
  }
  for (const [, names = ""] of text.matchAll(handedOn)) {
    for (const name of names.split(",")) found.push({ name: name.trim(), isType: true, says: "", of: undefined })
  }
  // What is both a value and a type is told once
  return found.filter((one, at) => found.findIndex(({ name }) => name === one.name) === at)
}

const cell = (text: string): string => text.replaceAll("|", "\\|")

const table = (exported: ReadonlyArray<Exported>): ReadonlyArray<string> => {
  const values = exported.filter(({ isType, says }) => !isType && says !== "")
  const bare = exported.filter(({ isType, says }) => !isType && says === "").map(({ name }) => `\`${name}\``)
  const types = exported.filter(({ isType }) => isType).map(({ name }) => `\`${name}\``)
  return [
    ...(values.length === 0 ? [] : ["| | |", "|---|---|"]),
    ...values.map(({ name, says }) => `| \`${name}\` | ${cell(says)} |`),
    ...(values.length === 0 ? [] : [""]),
    ...(bare.length === 0 ? [] : [`${values.length === 0 ? "" : "And "}${bare.join(", ")}`, ""]),
    ...(types.length === 0 ? [] : [`Types: ${types.join(", ")}`, ""])
  ]
}

const entryPoint = (name: string, source: string): ReadonlyArray<string> => {
  const exported = exportsOf(source)
  const alone = exported.filter(({ of }) => of === undefined)
  return [
    `## \`${path.posix.join(packageJson.name, name)}\``,
    "",
    headerOf(source),
    "",
    ...table(alone),
    ...exported.flatMap(({ name, of, says }) =>
      of === undefined ? [] : [`### ${name}`, "", ...(says === "" ? [] : [says, ""]), ...table(exportsOf(of))]
    )
  ]
}

const introduction = `# API

<!-- Written by scripts/api-doc.ts from the docstrings in src. Do not edit. -->

Everything that the entry points export, with the first words of its docstring; your editor shows the rest, and the types.
The complete signatures are in [\`api/\`](../api), one report for each entry point.
`

export const render = (): string => {
  const entries = Object.entries(packageJson.exports).flatMap(([name, target]) =>
    typeof target === "string" ? [] : entryPoint(name, target["@gorax/source"].slice(2))
  )
  return [introduction, ...entries].join("\n").trimEnd() + "\n"
}
