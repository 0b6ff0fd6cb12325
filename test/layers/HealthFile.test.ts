import { assert, describe, it } from "@effect/vitest"
import { ExportError, type SpanExporter, Tracing } from "@gorax/tracing"
import { ConfigProvider, DateTime, Effect, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as HealthFile from "../../src/layers/HealthFile.ts"
import * as LayerHealth from "../../src/layers/LayerHealth.ts"

const home = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-health-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

const work = Effect.withSpan(Effect.void, "work")

/** Runs a program with a spool to its end, and answers what is left of its health. */
const left = Effect.fnUntraced(function* (exporter: SpanExporter, values: Readonly<Record<string, string>> = {}) {
  const spool = path.join(yield* home, "spool")
  yield* work.pipe(
    Effect.provide(
      Tracing.layerConfig({ exporters: [exporter] }).pipe(
        Layer.provide([
          ConfigProvider.layer(
            ConfigProvider.fromUnknown({
              TRACING_ENABLED: "true",
              TRACING_EXPORTER: "none",
              TRACING_SPOOL_DIR: spool,
              TRACING_SHUTDOWN_TIMEOUT: "200",
              ...values
            })
          ),
          Logger.layer([])
        ])
      )
    )
  )
  return HealthFile.folderOf(spool)
})

const refusing: SpanExporter = {
  export: () => Effect.fail(new ExportError({ reason: "Rejected", endpoint: "there", advice: "Look at its log." }))
}

describe("the health of a process, beside its spool", () => {
  it.live("is left behind when there is something to tell, for its owner alone", () =>
    Effect.gen(function* () {
      const folder = yield* left(refusing)
      const file = path.join(folder, `${process.pid}.json`)
      const said = JSON.parse(fs.readFileSync(file, "utf8"))
      assert.strictEqual(said.status, "failing")
      assert.strictEqual(said.books.rejected, 1)
      assert.deepInclude(said.leftOut[0], { reason: "rejected", times: 1 })
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600)
      assert.strictEqual(fs.statSync(folder).mode & 0o777, 0o700)
    })
  )

  it.live("is gone with a process that has delivered everything", () =>
    Effect.gen(function* () {
      const folder = yield* left({ export: () => Effect.void })
      assert.isFalse(fs.existsSync(folder))
    })
  )

  it.live("tells of traces that were not sampled", () =>
    Effect.gen(function* () {
      const folder = yield* left({ export: () => Effect.void }, { TRACING_SAMPLE_RATE: "0" })
      const said = JSON.parse(fs.readFileSync(path.join(folder, `${process.pid}.json`), "utf8"))
      assert.strictEqual(said.status, "healthy")
      assert.deepInclude(said.leftOut[0], { reason: "ratio", times: 1 })
    })
  )

  const snapshot = Effect.map(LayerHealth.absent.snapshot, (snapshot) => ({
    ...snapshot,
    at: DateTime.makeUnsafe(0)
  }))

  /** One that says it on a clock of the test's. */
  const followed = Effect.fnUntraced(function* (spool: string) {
    const scope = yield* Scope.make()
    const settings = { spool: { directory: spool } } as Parameters<typeof HealthFile.make>[0]
    const file = yield* HealthFile.make(settings, (effect) => effect).pipe(Scope.provide(scope))
    yield* file.follow(snapshot).pipe(Scope.provide(scope))
    return path.join(HealthFile.folderOf(spool), `${process.pid}.json`)
  })

  /** Files are written when they are, not when a clock says. */
  const until = (condition: () => boolean) =>
    TestClock.withLive(
      Effect.sleep("2 millis").pipe(
        Effect.repeat({ until: () => condition() }),
        Effect.timeoutOrElse({ duration: "10 seconds", orElse: () => Effect.die(new Error("it was not written")) })
      )
    )

  it.effect("is written every ten seconds, and not where others could have put something", () =>
    Effect.gen(function* () {
      const folder = yield* home
      const file = yield* followed(path.join(folder, "spool"))
      yield* TestClock.adjust("9 seconds")
      assert.isFalse(fs.existsSync(file))
      yield* TestClock.adjust("1 second")
      yield* until(() => fs.existsSync(file))
      assert.deepStrictEqual(fs.readdirSync(path.dirname(file)), [path.basename(file)])

      const victim = path.join(folder, "victim")
      fs.writeFileSync(victim, "untouched")
      const open = path.join(folder, "open")
      fs.mkdirSync(HealthFile.folderOf(open))
      fs.chmodSync(HealthFile.folderOf(open), 0o777)
      fs.symlinkSync(victim, path.join(HealthFile.folderOf(open), `${process.pid}.json.new`))
      yield* followed(open)
      const own = path.join(folder, "own")
      fs.mkdirSync(HealthFile.folderOf(own), { mode: 0o700 })
      fs.symlinkSync(victim, path.join(HealthFile.folderOf(own), `${process.pid}.json.new`))
      const ours = yield* followed(own)
      yield* TestClock.adjust("10 seconds")
      yield* until(() => fs.existsSync(ours))
      assert.strictEqual(fs.readFileSync(victim, "utf8"), "untouched")
      assert.isFalse(fs.existsSync(path.join(HealthFile.folderOf(open), `${process.pid}.json`)))
    })
  )

  it.effect("is kept of the last 32 processes", () =>
    Effect.gen(function* () {
      const folder = HealthFile.folderOf(path.join(yield* home, "spool"))
      fs.mkdirSync(folder, { mode: 0o700 })
      for (let pid = 0; pid < 40; pid++) {
        fs.writeFileSync(path.join(folder, `x${pid}.json`), "{}")
        fs.utimesSync(path.join(folder, `x${pid}.json`), pid, pid)
      }
      yield* followed(folder.replace(/\.health$/, ""))
      yield* TestClock.adjust("10 seconds")
      yield* until(() => fs.readdirSync(folder).length === 32)
      const names = fs.readdirSync(folder)
      assert.include(names, `${process.pid}.json`)
      assert.include(names, "x39.json")
      assert.notInclude(names, "x8.json")
    })
  )
})
