/**
 * Holds the house together: who may import whom, where OpenTelemetry ends, and where settings come from.
 *
 * To change the table below is to change the architecture; that change is the interesting part of its review.
 */
import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"

/** Each folder of src, and the folders it may import besides itself. `src/index.ts` may import all of them. */
const mayImport: Record<string, ReadonlyArray<string>> = {
  model: [],
  internal: ["model"],
  propagation: ["model"],
  sampling: ["model"],
  export: ["model"],
  metrics: ["model"],
  receiver: ["model"],
  workflow: ["model", "propagation", "internal"],
  http: ["model", "propagation", "internal"],
  queue: ["model", "propagation", "internal"],
  pipeline: ["model", "sampling"],
  tracer: ["model", "propagation"],
  layers: ["model", "propagation", "tracer", "sampling", "pipeline", "export", "metrics", "receiver"],
  testing: ["model", "tracer", "sampling", "receiver"],
  viewer: ["model", "receiver"],
  cli: ["layers", "viewer", "export", "pipeline", "propagation", "receiver", "model"]
}

/** Where OpenTelemetry's own types and classes may appear. */
const knowsOpenTelemetry: ReadonlyArray<string> = ["tracer", "export", "layers"]

/** Names that say nothing. A helper belongs to a noun or does not exist. */
const saysNothing = /^(utils?|commons?|helpers?|shared|misc)$/i

/** `process.env`, `process["env"]`, `{ env } = process`, `import { env } from "node:process"`. */
const readsEnvironment =
  /\bprocess\s*(?:\.\s*env\b|\[\s*["']env["'])|\{[^{}]*\benv\b[^{}]*\}\s*(?:=\s*process\b|from\s*["'](?:node:)?process["'])/

/** A tree of sources: path below the repository, with `/`, to text. */
type Sources = Readonly<Record<string, string>>

/** The text without comments and without the contents of its templates, so that an example in a comment is no import. */
const code = (text: string): string =>
  text.replace(/("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|`(?:[^`\\]|\\.)*`|\/\*[^]*?\*\/|\/\/[^\n]*/g, "$1")

const importPattern =
  /\b(?:import|export)\b(?:[\w\s{},*$]*?\bfrom)?\s*(["'])([^"'\n]+)\1|\bimport\s*\(\s*(["'])([^"'\n]+)\3/g

const specifiersOf = (text: string): ReadonlyArray<string> =>
  Array.from(code(text).matchAll(importPattern), (match) => match[2] ?? match[4] ?? "")

/** Those of them that are there when the program runs: a type is not. */
const runtimeSpecifiersOf = (text: string): ReadonlyArray<string> =>
  specifiersOf(text.replace(/\b(?:import|export)\s+type\b[^;]*?\bfrom\s*["'][^"'\n]+["']/g, "")).filter((specifier) =>
    /^[@.\w]/.test(specifier)
  )

const list = (names: ReadonlyArray<string>): string => (names.length === 0 ? "nothing" : names.join(", "))

/** Everything in the tree that breaks a rule, as one remark each. */
const review = (sources: Sources): ReadonlyArray<string> => {
  const remarks: Array<string> = []
  for (const [file, text] of Object.entries(sources)) {
    const [, folder, ...rest] = file.split("/")
    const isFrontDoor = rest.length === 0
    const allowed = folder === undefined || isFrontDoor ? undefined : mayImport[folder]

    if (isFrontDoor && folder !== "index.ts") {
      remarks.push(`${file}: besides index.ts, every file of src lives in one of its folders. Which noun is this?`)
    } else if (!isFrontDoor && allowed === undefined) {
      remarks.push(
        `${file}: src/${folder} is not a folder of the house. Move the file to the folder whose job it shares, ` +
          "or add a row to the table in test/architecture.test.ts and say why."
      )
    }
    for (const name of file.split("/").map((part) => part.replace(/(\.\w+)+$/, ""))) {
      if (saysNothing.test(name)) {
        remarks.push(`${file}: "${name}" says nothing. Name the file after the noun it helps, or move the code there.`)
      }
    }
    if (readsEnvironment.test(code(text))) {
      remarks.push(`${file} reads process.env. Settings are rows of TracingConfig, read through Effect's Config.`)
    }

    for (const specifier of specifiersOf(text)) {
      if (specifier.startsWith("@gorax/")) {
        remarks.push(`${file} imports ${specifier}. Inside src, import the file itself.`)
      } else if (specifier.startsWith("@opentelemetry/") && !knowsOpenTelemetry.includes(folder ?? "")) {
        remarks.push(
          `${file} imports ${specifier}. OpenTelemetry stops at ${list(knowsOpenTelemetry)}: ` +
            "say what you need as an interface in src/model."
        )
      } else if (specifier.startsWith(".")) {
        const target = path.posix.join(path.posix.dirname(file), specifier)
        if (!target.startsWith("src/")) {
          remarks.push(`${file} imports ${specifier}, which is outside src and is not published.`)
          continue
        }
        if (!/\.(ts|tsx|json)$/.test(target)) {
          remarks.push(`${file} imports ${specifier}. Relative imports name the file, with its .ts.`)
        }
        const [, other, ...inside] = target.split("/")
        if (isFrontDoor || other === folder || other === undefined) continue
        if (inside.length === 0) {
          remarks.push(`${file} imports ${specifier}. The front door opens outwards: import the file itself.`)
        } else if (allowed !== undefined && !allowed.includes(other)) {
          remarks.push(
            `${file} imports ${specifier}, but src/${folder} may import ${list(allowed)}. ` +
              "If both halves need it, it is a noun or an interface of src/model."
          )
        }
      }
    }
  }
  return remarks
}

const root = path.resolve(import.meta.dirname, "..")

const sourcesOfRepository = (): Sources =>
  Object.fromEntries(
    fs
      .readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => ["src/" + name.split(path.sep).join("/"), fs.readFileSync(path.join(root, "src", name), "utf8")])
  )

describe("architecture", () => {
  it("every import follows the table, and nothing reads the environment", () => {
    const sources = sourcesOfRepository()
    assert.isAbove(Object.keys(sources).length, 10, "no sources were found, so nothing was checked")
    assert.deepStrictEqual(review(sources), [])
  })

  it("the table itself has no way around: what a folder may import never leads back to it", () => {
    const reach = (folder: string, seen: ReadonlySet<string>): ReadonlySet<string> =>
      (mayImport[folder] ?? []).reduce<ReadonlySet<string>>(
        (all, next) => (all.has(next) ? all : reach(next, new Set([...all, next]))),
        seen
      )
    for (const folder of Object.keys(mayImport)) {
      assert.isFalse(reach(folder, new Set()).has(folder), `src/${folder} reaches itself through others`)
    }
    for (const telling of ["workflow", "http", "queue"]) {
      for (const delivering of ["tracer", "sampling", "pipeline", "export", "metrics", "layers"]) {
        assert.isFalse(reach(telling, new Set()).has(delivering), `${telling} reaches ${delivering}`)
      }
    }
  })

  it("the viewer's page takes pure code and types from src, so that no Effect and no Node is sent to a browser", () => {
    const folder = path.join(root, "viewer", "page")
    const files = fs.readdirSync(folder).filter((name) => /\.tsx?$/.test(name))
    assert.isAbove(files.length, 10, "no sources of the page were found, so nothing was checked")
    const waiting = files.map((name) => path.join(folder, name))
    const seen = new Set(waiting)
    const remarks: Array<string> = []
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      for (const specifier of runtimeSpecifiersOf(fs.readFileSync(file, "utf8"))) {
        const target = path.join(path.dirname(file), specifier)
        const isOurs = specifier.startsWith(".") && /\/(src\/(model|viewer)|viewer\/page)\//.test(target)
        const isPreact = /^(preact(\/hooks)?|@preact\/signals)$/.test(specifier)
        if (!isOurs && !isPreact) remarks.push(`${path.relative(root, file)} imports ${specifier}`)
        if (!isOurs || seen.has(target) || !/\.tsx?$/.test(target)) continue
        seen.add(target)
        waiting.push(target)
      }
    }
    assert.deepStrictEqual(remarks, [])
  })

  it("the linter, which tells you while you type, has the same table", () => {
    const text = fs.readFileSync(path.join(root, ".oxlintrc.json"), "utf8").replace(/^\s*\/\/.*$/gm, "")
    const overrides: ReadonlyArray<any> = JSON.parse(text).overrides
    const folders = Object.keys(mayImport)
    for (const folder of folders) {
      const override = overrides.find(({ files }) => files[0] === `src/${folder}/**`)
      assert.isDefined(override, `.oxlintrc.json has no override for src/${folder}`)
      const expressions: ReadonlyArray<RegExp> = override.rules["no-restricted-imports"][1].patterns.map(
        (pattern: { readonly regex: string }) => new RegExp(pattern.regex)
      )
      const refuses = (specifier: string) => expressions.some((expression) => expression.test(specifier))
      const allowed = folders.filter((other) => !refuses(`../${other}/Noun.ts`))
      assert.sameMembers(allowed, [folder, ...(mayImport[folder] ?? [])], `.oxlintrc.json, src/${folder}`)
      assert.strictEqual(
        refuses("@opentelemetry/api"),
        !knowsOpenTelemetry.includes(folder),
        `.oxlintrc.json, src/${folder} and OpenTelemetry`
      )
    }
  })
})

describe("the architecture's own reviewer", () => {
  const remark = (file: string, text: string) => review({ [file]: text })

  it("lets good neighbours be", () => {
    const good: Sources = {
      "src/index.ts": `export * as Traced from "./workflow/Traced.ts"\nexport * from "./layers/TracingLive.ts"`,
      "src/workflow/Step.ts":
        `import * as Effect from "effect/Effect"\nimport {\n  a,\n  b\n} from "../model/Attributes.ts"\n` +
        `import type { X } from "../internal/spanCombinator.ts"\nimport "./Loop.ts"`,
      "src/tracer/OtelContext.ts": `import { context } from "@opentelemetry/api"`,
      "src/viewer/page/Tree.ts": `import * as Store from "../Store.ts"\nimport * as T from "../../model/Trace.ts"`
    }
    assert.deepStrictEqual(review(good), [])
  })

  it("refuses telling that imports delivering, however it is written", () => {
    for (const text of [
      `import { stage } from "../pipeline/Redaction.ts"`,
      `import {\n  stage,\n  other\n} from '../pipeline/Redaction.ts'`,
      `import type * as Redaction from "../pipeline/Redaction.ts"`,
      `import "../pipeline/Redaction.ts"`,
      `export * from "../pipeline/Redaction.ts"`,
      `export { stage } from "../pipeline/Redaction.ts"`,
      `const later = () => import("../pipeline/Redaction.ts")`,
      `import def, { type A as B } from "../pipeline/Redaction.ts"`,
      `const url = "http://localhost" // fine\nimport * as R from "../pipeline/Redaction.ts"`
    ]) {
      assert.deepStrictEqual(
        remark("src/workflow/Step.ts", text),
        [
          "src/workflow/Step.ts imports ../pipeline/Redaction.ts, but src/workflow may import model, propagation, internal. " +
            "If both halves need it, it is a noun or an interface of src/model."
        ],
        text
      )
    }
  })

  it("does not take an example in a comment for an import", () => {
    const text = `/**\n * import { stage } from "../pipeline/Redaction.ts"\n */\n// process.env.HOME\nexport const a = 1`
    assert.deepStrictEqual(remark("src/workflow/Step.ts", text), [])
  })

  it("refuses OpenTelemetry in the model", () => {
    assert.match(
      remark("src/model/SpanData.ts", `import { trace } from "@opentelemetry/api"`).join(),
      /OpenTelemetry stops at tracer, export, layers/
    )
  })

  it("refuses the environment, unknown folders, empty names, loose files and ways round the front door", () => {
    assert.match(remark("src/layers/A.ts", `const url = process.env.URL`).join(), /rows of TracingConfig/)
    assert.match(remark("src/layers/A.ts", `const url = process["env"]["URL"]`).join(), /rows of TracingConfig/)
    assert.match(remark("src/layers/A.ts", `const { env } = process`).join(), /rows of TracingConfig/)
    assert.match(remark("src/layers/A.ts", `import { argv, env } from "node:process"`).join(), /rows of TracingConfig/)
    assert.match(remark("src/tools/A.ts", "").join(), /src\/tools is not a folder of the house/)
    assert.match(remark("src/model/utils.ts", "").join(), /"utils" says nothing/)
    assert.match(remark("src/model/helpers/A.ts", "").join(), /"helpers" says nothing/)
    assert.match(remark("src/Loose.ts", "").join(), /Which noun is this\?/)
    assert.match(remark("src/http/A.ts", `import { TracingLive } from "../index.ts"`).join(), /opens outwards/)
    assert.match(remark("src/http/A.ts", `import { TracingLive } from "@gorax/tracing"`).join(), /the file itself/)
    assert.match(remark("src/http/A.ts", `import { x } from "../../test/Fake.ts"`).join(), /not published/)
    assert.match(remark("src/http/A.ts", `import { x } from "./B"`).join(), /with its \.ts/)
  })
})
