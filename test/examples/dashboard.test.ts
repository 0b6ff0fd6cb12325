import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as AttributeKeys from "../../src/model/AttributeKeys.ts"
import * as SpanNames from "../../src/model/SpanNames.ts"

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource?: { readonly type: string; readonly uid: string }
  readonly targets?: ReadonlyArray<{
    readonly refId: string
    readonly datasource: { readonly uid: string }
    readonly query?: string
    readonly expr?: string
  }>
}

interface Dashboard {
  readonly uid: string
  readonly panels: ReadonlyArray<Panel>
  readonly templating: { readonly list: ReadonlyArray<{ readonly name: string; readonly type: string }> }
}

const folder = "examples/compose/dashboards"
const dashboard = JSON.parse(fs.readFileSync(`${folder}/runs.json`, "utf8")) as Dashboard
const targets = dashboard.panels.flatMap(({ targets = [] }) => targets)
const queries = targets.flatMap(({ query }) => (query === undefined ? [] : [query]))
const expressions = targets.flatMap(({ expr }) => (expr === undefined ? [] : [expr]))

/** A metric as Prometheus spells it, without what exporters put behind it. */
const plain = (name: string): string => name.replaceAll(/[^a-z0-9]/g, "_")

const metrics = new Set(
  ["src/pipeline/PipelineMetrics.ts", "src/metrics/RunMetrics.ts"].flatMap((file) =>
    Array.from(
      fs.readFileSync(file, "utf8").matchAll(/"((?:otel|gorax|workflow)\.[a-z_]+\.[a-z_.]+)"/g),
      ([, name = ""]) => plain(name)
    )
  )
)

describe("the dashboard that docker compose brings", () => {
  it("asks for span names that the platform has", () => {
    const names = queries.flatMap((query) => Array.from(query.matchAll(/\bname = "([^"]+)"/g), ([, name = ""]) => name))
    assert.isAbove(names.length, 4)
    for (const name of names) assert.include(Object.values(SpanNames), name)
  })

  it("asks for attributes that spans have", () => {
    const known = new Set<string>(Object.values(AttributeKeys))
    const keys = queries.flatMap((query) => Array.from(query.matchAll(/\bspan\.([a-z_.]+)/g), ([, key = ""]) => key))
    assert.isAbove(keys.length, 8)
    for (const key of keys) assert.isTrue(known.has(key), key)
  })

  it("asks for metrics that there are", () => {
    const names = expressions.flatMap((expr) =>
      // Of a histogram in seconds, and its parts
      Array.from(expr.matchAll(/\b(?:otel_sdk|gorax_tracing|workflow)_[a-z]+_\w+/g), ([name]) =>
        name.replace(/_seconds_(?:count|bucket)$/, "")
      )
    )
    assert.isAbove(names.length, 4)
    for (const name of names) assert.isTrue(metrics.has(name), name)
  })

  it("has balanced queries, to sources that can be chosen", () => {
    const sources = dashboard.templating.list
      .filter(({ type }) => type === "datasource")
      .map(({ name }) => `\${${name}}`)
    for (const panel of dashboard.panels.filter(({ type }) => type !== "row")) {
      assert.include(sources, panel.datasource?.uid, panel.title)
      assert.isNotEmpty(panel.targets, panel.title)
      assert.lengthOf(new Set(panel.targets?.map(({ refId }) => refId)), panel.targets?.length ?? 0, panel.title)
    }
    for (const text of [...queries, ...expressions]) {
      for (const [open, close] of ["()", "{}", "[]"].map((pair) => [...pair])) {
        assert.strictEqual(text.split(open!).length, text.split(close!).length, text)
      }
    }
  })

  it("has panels that lie beside one another, each with an id of its own", () => {
    assert.lengthOf(new Set(dashboard.panels.map(({ id }) => id)), dashboard.panels.length)
    for (const [index, { gridPos: one, title }] of dashboard.panels.entries()) {
      assert.isAtMost(one.x + one.w, 24, title)
      for (const { gridPos: other, title: otherTitle } of dashboard.panels.slice(index + 1)) {
        const apart =
          one.x + one.w <= other.x ||
          other.x + other.w <= one.x ||
          one.y + one.h <= other.y ||
          other.y + other.h <= one.y
        assert.isTrue(apart, `${title} and ${otherTitle}`)
      }
    }
  })

  it("lies where its provider looks, and compose puts it there", () => {
    const path = /^\s+path: (\S+)$/m.exec(fs.readFileSync(`${folder}/provider.yaml`, "utf8"))?.[1]
    assert.isDefined(path)
    assert.include(fs.readFileSync("compose.yaml", "utf8"), `"./${folder}:${path}:ro"`)
  })
})
