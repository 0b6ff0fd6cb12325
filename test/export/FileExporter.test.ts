import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as FileExporter from "../../src/export/FileExporter.ts"
import type { ExportTraceServiceRequest } from "../../src/model/Otlp.ts"
import * as spans from "./spans.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-file-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

const make = (file: string, options: Partial<FileExporter.FileExporterOptions> = {}) =>
  FileExporter.make({ path: file, maxBytes: 1_000_000, maxFiles: 3, ...options })

const namesOf = (line: string): ReadonlyArray<string> =>
  ((JSON.parse(line) as ExportTraceServiceRequest).resourceSpans ?? []).flatMap(({ scopeSpans = [] }) =>
    scopeSpans.flatMap(({ spans = [] }) => spans.map(({ name = "" }) => name))
  )

/** The names of the spans in a file, line by line. */
const lines = (file: string): ReadonlyArray<ReadonlyArray<string>> => {
  const text = fs.readFileSync(file, "utf8")
  assert.isTrue(text.endsWith("\n"))
  return text.slice(0, -1).split("\n").map(namesOf)
}

const named = (name: string) => spans.make({ name })

describe("FileExporter", () => {
  it.live("appends a request a line, to a file that nobody else may read", () =>
    Effect.gen(function* () {
      const file = path.join(yield* folder, "spans.jsonl")
      yield* Effect.scoped(
        Effect.flatMap(make(file), (exporter) =>
          Effect.andThen(exporter.export([named("a"), named("b")]), exporter.export([named("c")]))
        )
      )
      yield* Effect.scoped(Effect.flatMap(make(file), (exporter) => exporter.export([named("after a restart")])))
      assert.deepStrictEqual(lines(file), [["a", "b"], ["c"], ["after a restart"]])
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
    })
  )

  it.live("lines that are written at once do not mix", () =>
    Effect.gen(function* () {
      const file = path.join(yield* folder, "spans.jsonl")
      const exporter = yield* make(file)
      const long = (index: number) => named(`${index}`.repeat(50_000))
      yield* Effect.forEach([1, 2, 3, 4, 5, 6], (index) => exporter.export([long(index)]), { concurrency: "unbounded" })
      assert.sameMembers(
        lines(file).map(([name]) => name?.[0]),
        ["1", "2", "3", "4", "5", "6"]
      )
    })
  )

  it.live("a line that a killed process left half written spoils no other", () =>
    Effect.gen(function* () {
      const file = path.join(yield* folder, "spans.jsonl")
      fs.writeFileSync(file, '{"resourceSpans":[{"res')
      const exporter = yield* make(file)
      yield* exporter.export([named("whole")])
      yield* exporter.export([named("next")])
      const [torn, ...whole] = fs.readFileSync(file, "utf8").trimEnd().split("\n")
      assert.strictEqual(torn, '{"resourceSpans":[{"res')
      assert.deepStrictEqual(whole.map(namesOf), [["whole"], ["next"]])
    })
  )

  it.live("a full file moves on, the oldest goes, and no line is lost in between", () =>
    Effect.gen(function* () {
      const file = path.join(yield* folder, "spans.jsonl")
      yield* Effect.flatMap(make(`${file}.measured`), (exporter) => exporter.export([named("x")]))
      // Two lines fit into a file
      const maxBytes = 2 * fs.statSync(`${file}.measured`).size
      const exporter = yield* make(file, { maxBytes })
      for (const name of ["a", "b", "c", "d", "e"]) yield* exporter.export([named(name)])
      assert.deepStrictEqual([`${file}.2`, `${file}.1`, file].flatMap(lines).flat(), ["a", "b", "c", "d", "e"])
      yield* exporter.export([named("f")])
      yield* exporter.export([named("g")])
      assert.deepStrictEqual([`${file}.2`, `${file}.1`, file].flatMap(lines).flat(), ["c", "d", "e", "f", "g"])
      assert.isFalse(fs.existsSync(`${file}.3`))
      for (const name of [file, `${file}.1`, `${file}.2`]) {
        assert.isAtMost(fs.statSync(name).size, maxBytes)
        assert.strictEqual(fs.statSync(name).mode & 0o777, 0o600)
      }
    })
  )

  it.live("with room for one file it begins again, and a line that is larger than a file is written all the same", () =>
    Effect.gen(function* () {
      const file = path.join(yield* folder, "spans.jsonl")
      const exporter = yield* make(file, { maxBytes: 100, maxFiles: 1 })
      for (const name of ["a", "b"]) yield* exporter.export([named(name)])
      assert.deepStrictEqual(lines(file), [["b"]])
      assert.deepStrictEqual(fs.readdirSync(path.dirname(file)), ["spans.jsonl"])
    })
  )

  it.live("a span that cannot be read is counted, and the others are written", () =>
    Effect.gen(function* () {
      const file = path.join(yield* folder, "spans.jsonl")
      const exporter = yield* make(file)
      const leftOut = yield* exporter.export([spans.make({ traceId: "" }), named("innocent")])
      assert.deepInclude(leftOut, { rejected: 0, unreadable: 1 })
      assert.deepInclude(yield* exporter.export([spans.make({ traceId: "" })]), { unreadable: 1 })
      assert.deepStrictEqual(lines(file), [["innocent"]])
    })
  )

  it.live("a place that cannot be written is an error at once", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(make(path.join(yield* folder, "no", "such", "folder")))
      assert.strictEqual(error.reason, "Unreachable")
      assert.include(error.message, "ENOENT")
    })
  )

  it.live("a place that goes away later is worth another try", () =>
    Effect.gen(function* () {
      const inside = path.join(yield* folder, "inside")
      fs.mkdirSync(inside)
      const exporter = yield* make(path.join(inside, "spans.jsonl"), { maxBytes: 1 })
      yield* exporter.export([named("a")])
      fs.rmSync(inside, { recursive: true })
      assert.isTrue((yield* Effect.flip(exporter.export([named("b")]))).retryable)
      fs.mkdirSync(inside)
      yield* exporter.export([named("b")])
      assert.deepStrictEqual(lines(path.join(inside, "spans.jsonl")), [["b"]])
    })
  )
})
