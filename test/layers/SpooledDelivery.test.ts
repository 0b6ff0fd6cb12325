import { assert, describe, it } from "@effect/vitest"
import { type SpanData, type SpanExporter, Traced, TracingConfig, Tracing } from "@gorax/tracing"
import { SpanTree } from "@gorax/tracing/testing"
import { ConfigProvider, Effect, Layer, Logger } from "effect"
import * as fc from "fast-check"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as OtlpEncoder from "../../src/export/OtlpEncoder.ts"
import * as SpooledDelivery from "../../src/layers/SpooledDelivery.ts"
import * as arbitrary from "../export/OtlpEncoder.arbitrary.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-spool-"))),
  (name) => Effect.sync(() => fs.rmSync(name, { recursive: true, force: true }))
)

const layer = (settings: Readonly<Record<string, string>>, ...exporters: ReadonlyArray<SpanExporter>) =>
  Tracing.layerConfig({ exporters }).pipe(
    Layer.provide(
      ConfigProvider.layer(
        ConfigProvider.fromUnknown({ TRACING_ENABLED: "true", TRACING_EXPORTER: "none", ...settings })
      )
    ),
    Layer.provideMerge(Logger.layer([]))
  )

const program = Effect.void.pipe(
  Traced.step("charge-card"),
  Traced.workflow("fulfil-order", { tenantId: "acme", executionId: "exec-1" })
)

describe("a span that went through the spool", () => {
  it("says on the wire, byte for byte, what it would have said without", () => {
    fc.assert(
      fc.property(arbitrary.batch(1, 4), (spans) => {
        const codec = SpooledDelivery.codec()
        for (const span of spans) {
          const bytes = codec.encode(span)!
          const again = codec.decode(bytes)!
          assert.deepStrictEqual(OtlpEncoder.encode([again]), OtlpEncoder.encode([span]))
        }
      })
    )
  })

  it("shares its resource with its neighbours, so that a request says it once", () => {
    const codec = SpooledDelivery.codec()
    fc.assert(
      fc.property(arbitrary.batch(2, 2), ([one, two]) => {
        const again = [one!, { ...two!, resource: one!.resource }].map((span) => codec.decode(codec.encode(span)!)!)
        assert.strictEqual(again[0]!.resource, again[1]!.resource)
      })
    )
  })

  it("is not there when it cannot be read, and bytes that are no span are none", () => {
    const codec = SpooledDelivery.codec()
    assert.isUndefined(codec.encode({ traceId: "no id" } as SpanData))
    assert.isUndefined(codec.decode(Buffer.from("no span")))
    assert.isUndefined(codec.decode(Buffer.alloc(0)))
  })
})

describe("TRACING_SPOOL_DIR", () => {
  it.live("a trace that nobody took is delivered by the next start, the same tree", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* folder, "spool")
      const settings = {
        TRACING_SPOOL_DIR: directory,
        TRACING_SHUTDOWN_TIMEOUT: "20",
        TRACING_SPOOL_KEY: "5a".repeat(32)
      }
      yield* Effect.provide(program, layer(settings, { export: () => Effect.never }))
      const spans: Array<SpanData> = []
      const exporter: SpanExporter = { export: (batch) => Effect.sync(() => void spans.push(...batch)) }
      yield* Effect.sleep("5 millis").pipe(
        Effect.repeat({ until: () => spans.length === 2 }),
        Effect.timeout("10 seconds"),
        Effect.provide(layer({ ...settings, TRACING_BATCH_TIMEOUT: "1" }, exporter))
      )
      assert.strictEqual(
        SpanTree.drawSpans(spans, "node_id", "tenant_id"),
        `\
workflow.execute tenant_id=acme
└─ workflow.step.execute node_id=charge-card tenant_id=acme`
      )
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    })
  )

  it.live("of several exporters one that takes nothing keeps a trace on disk that another has", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* folder, "spool")
      const settings = { TRACING_SPOOL_DIR: directory, TRACING_SHUTDOWN_TIMEOUT: "50", TRACING_BATCH_TIMEOUT: "1" }
      const [first, second]: [Array<string>, Array<string>] = [[], []]
      const into = (names: Array<string>): SpanExporter => ({
        export: (batch) => Effect.sync(() => void names.push(...batch.map(({ name }) => name)))
      })
      yield* Effect.provide(program, layer(settings, into(first), { export: () => Effect.never }))
      assert.deepStrictEqual(first, ["workflow.step.execute", "workflow.execute"])
      yield* Effect.sleep("5 millis").pipe(
        Effect.repeat({ until: () => second.length === 2 }),
        Effect.timeout("10 seconds"),
        Effect.provide(layer(settings, into(first), into(second)))
      )
      assert.deepStrictEqual(second, ["workflow.step.execute", "workflow.execute"])
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    })
  )

  it.live("a folder that anybody may write to fails the layer at start, with the rule and what was found", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      fs.chmodSync(directory, 0o777)
      const error = yield* Effect.flip(
        Effect.provide(program, layer({ TRACING_SPOOL_DIR: directory }, { export: () => Effect.void }))
      )
      assert.instanceOf(error, TracingConfig.TracingConfigError)
      assert.deepStrictEqual(error.problems, [
        {
          key: "TRACING_SPOOL_DIR",
          rule: "writable by nobody else (chmod 700)",
          value: `${JSON.stringify(directory)} (its mode is 777)`
        }
      ])
    })
  )

  it.live("the folder may be named in code as well", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* folder, "spool")
      yield* Effect.provide(
        program,
        Tracing.layer({
          exporter: "none",
          exporters: [{ export: () => Effect.never }],
          spoolDirectory: directory,
          shutdownTimeout: 20
        })
      )
      const files = fs.readdirSync(directory, { recursive: true, encoding: "utf8" })
      assert.strictEqual(files.filter((name) => name.endsWith(".spans")).length, 1)
    }).pipe(Effect.provide(Logger.layer([])))
  )

  it.live("nothing is written where nothing is delivered, or tracing is off", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* folder, "spool")
      for (const settings of [{ TRACING_ENABLED: "false" }, {}]) {
        const provider = ConfigProvider.fromUnknown({
          TRACING_ENABLED: "true",
          TRACING_EXPORTER: "none",
          TRACING_SPOOL_DIR: directory,
          ...settings
        })
        yield* Effect.provide(program, Layer.provide(Tracing.layerConfig(), ConfigProvider.layer(provider)))
        assert.isFalse(fs.existsSync(directory))
      }
    }).pipe(Effect.provide(Logger.layer([])))
  )
})
