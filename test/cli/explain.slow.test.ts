import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { FakeCollector } from "@gorax/tracing/testing"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { bytesIn, environment, folder, started } from "../faults/CrashRun.ts"
import * as BrokenSetup from "./BrokenSetup.ts"
import * as CommandLine from "./CommandLine.ts"

const world = Layer.merge(FakeCollector.layer, NodeServices.layer)
const id = "0af7651916cd43dd8448eb211c80319c"

/** A trace id among what was written. */
const anyTraceIn = (spool: string): string => {
  const [file] = fs.readdirSync(spool, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".spans"))
  const bytes = fs.readFileSync(path.join(spool, file!))
  // The first field of a span, of 16 bytes
  const at = bytes.indexOf(Buffer.from([0x0a, 0x10]))
  return bytes.subarray(at + 2, at + 18).toString("hex")
}

describe("gorax-tracing explain", () => {
  it.live("finds a trace that a killed process left in its spool, and what sends it", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const home = yield* folder
      const spool = path.join(home, "spool")
      const env = { ...environment(collector, spool), TRACING_ENDPOINT: yield* BrokenSetup.refused }
      const { child, said } = yield* started(path.join(home, "ids"), 2000, "never", env)
      yield* said("working")
      yield* Effect.repeat(Effect.sleep("10 millis"), { until: () => bytesIn(spool) > 20_000 })
      yield* child.kill({ killSignal: "SIGKILL" })
      yield* Effect.exit(child.exitCode)
      const { code, err, out } = yield* CommandLine.run(`explain --json ${anyTraceIn(spool)}`, env)
      assert.deepStrictEqual([code, err], [0, ""], out)
      const explanation = JSON.parse(out)
      assert.strictEqual(explanation.fate, "waiting")
      assert.match(explanation.summary, new RegExp(`in the spool, of process ${child.pid}\\.$`))
      assert.match(explanation.findings[0].advice, /spool drain/)
    }).pipe(Effect.provide(world))
  )

  it.live("says that it cannot know, what to switch on, and exits with 2", () =>
    Effect.gen(function* () {
      const { code, err, out } = yield* CommandLine.run(`explain 00-${id}-b7ad6b7169203331-01`, {
        ...BrokenSetup.well,
        TRACING_ENDPOINT: yield* BrokenSetup.refused
      })
      assert.deepStrictEqual([code, err], [2, ""])
      assert.match(out, /^Nobody who could be asked knows this trace/)
      assert.match(out.replaceAll(/\s+/g, " "), /set TRACING_HEALTH_URL.*With TRACING_SPOOL_DIR/)
    }).pipe(Effect.provide(world))
  )

  it.live("takes nothing for an id that is none", () =>
    Effect.gen(function* () {
      for (const wrong of ["1234", "0".repeat(32), `${id}0`]) {
        const { code, err } = yield* CommandLine.run(`explain ${wrong}`)
        assert.strictEqual(code, 1, wrong)
        assert.match(err, /32 hexadecimal digits that are not all 0, or a traceparent/)
      }
    }).pipe(Effect.provide(world))
  )
})
