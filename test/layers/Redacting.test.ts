import { assert, describe, it } from "@effect/vitest"
import {
  Baggage,
  Carrier,
  Redaction,
  type SpanData,
  type SpanExporter,
  Traced,
  Tracing,
  TracingConfig,
  TracingHealth
} from "@gorax/tracing"
import { Resource } from "@effect/opentelemetry"
import type { SpanProcessor } from "@opentelemetry/sdk-trace-base"
import { ConfigProvider, Context, Effect, Layer, Logger, Metric, Redacted } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Secrets from "../pipeline/secrets.ts"

const jwt = Secrets.bySight["jwt"]!

const remembering = () => {
  const spans: Array<SpanData> = []
  const exporter: SpanExporter = { export: (batch) => Effect.sync(() => void spans.push(...batch)) }
  return { spans, exporter }
}

const quiet = Logger.layer([])

const charge = Effect.void.pipe(Traced.step("charge-card", { attributes: { "db.password": "hunter2", note: jwt } }))

describe("secrets that a program tells its tracer", () => {
  it.effect("do not reach an exporter, and the resource that others share has none", () => {
    const { exporter, spans } = remembering()
    const layer = Tracing.layerConfig({ exporters: [exporter] }).pipe(
      Layer.provide(
        ConfigProvider.layer(
          ConfigProvider.fromUnknown({
            TRACING_ENABLED: "true",
            TRACING_EXPORTER: "none",
            TRACING_RESOURCE_ATTRIBUTES: "db.password=hunter2,region=eu"
          })
        )
      ),
      Layer.provideMerge(quiet)
    )
    return Effect.gen(function* () {
      yield* charge
      const { attributes } = yield* Resource.Resource
      assert.deepInclude(attributes, { "db.password": "REDACTED", region: "eu" })
      yield* TracingHealth.flush
      assert.deepInclude(Object.fromEntries(spans[0]!.attributes), { "db.password": "REDACTED", note: "REDACTED:jwt" })
      assert.deepInclude(spans[0]!.resource.attributes, { "db.password": "REDACTED", region: "eu" })
    }).pipe(Effect.provide(layer))
  })

  it.live("are on no disk: what the spool writes is redacted before", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-redaction-"))),
        (name) => Effect.sync(() => fs.rmSync(name, { recursive: true, force: true }))
      )
      const bytes = Effect.sync(() =>
        fs
          .readdirSync(directory, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => fs.readFileSync(path.join(entry.parentPath, entry.name), "latin1"))
          .join("")
      )
      const refusing: SpanExporter = { export: () => Effect.never }
      yield* Effect.gen(function* () {
        yield* charge
        const written = yield* bytes
        assert.include(written, "charge-card")
        assert.include(written, "REDACTED:jwt")
        assert.notInclude(written, "hunter2")
        assert.notInclude(written, jwt)
      }).pipe(
        Effect.provide(
          Tracing.layer({
            exporter: "none",
            exporters: [refusing],
            spoolDirectory: path.join(directory, "spool"),
            shutdownTimeout: "50 millis"
          }).pipe(Layer.provideMerge(quiet))
        )
      )
    })
  )

  it.effect("are not told to a processor of OpenTelemetry, and not put there by a stage", () => {
    const told: Array<unknown> = []
    const processor: SpanProcessor = {
      onStart: () => undefined,
      onEnd: ({ attributes }) => void told.push(attributes["db.password"], attributes["note"], attributes["added"]),
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve()
    }
    return charge.pipe(
      Effect.provide(
        Tracing.layer({
          exporter: "none",
          spanProcessors: [processor],
          stages: [
            (next) =>
              Effect.succeed({
                ...next,
                push: (span) =>
                  next.push({
                    ...span,
                    name: span.name,
                    traceId: span.traceId,
                    spanId: span.spanId,
                    parentSpanId: span.parentSpanId,
                    traceFlags: span.traceFlags,
                    traceState: span.traceState,
                    startTime: span.startTime,
                    endTime: span.endTime,
                    events: span.events,
                    links: span.links,
                    statusCode: span.statusCode,
                    statusMessage: span.statusMessage,
                    resource: span.resource,
                    scope: span.scope,
                    droppedAttributes: 0,
                    droppedEvents: 0,
                    droppedLinks: 0,
                    attributes: new Map([...span.attributes, ["added", `token=${jwt}`] as const])
                  })
              })
          ]
        }).pipe(Layer.provideMerge(quiet))
      ),
      Effect.andThen(Effect.sync(() => assert.deepStrictEqual(told, ["REDACTED", "REDACTED:jwt", "token=REDACTED"])))
    )
  })

  it.effect("stay behind when baggage leaves, and the other entries go", () =>
    Effect.gen(function* () {
      const headers = yield* Carrier.inject().pipe(
        Traced.span("request"),
        Baggage.set("tier", "gold"),
        Baggage.set("session_token", "hunter2"),
        Baggage.set("note", jwt)
      )
      assert.strictEqual(headers["baggage"], "tier=gold")
    }).pipe(Effect.provide(Tracing.layer({ exporter: "none" }).pipe(Layer.provideMerge(quiet))))
  )

  it.effect("are counted by rule, in health and in metrics", () =>
    Effect.gen(function* () {
      yield* charge
      const { redaction } = yield* TracingHealth.snapshot
      assert.deepStrictEqual(redaction, { mode: "on", masked: { key: 1, jwt: 1 } })
      yield* Metric.snapshot
      const found = (yield* Metric.snapshot).filter(({ id }) => id === "gorax.tracing.redaction.masked")
      assert.deepStrictEqual(
        Object.fromEntries(found.map(({ attributes, state }) => [attributes?.["rule"], (state as any).count])),
        { key: 1, jwt: 1 }
      )
    }).pipe(
      Effect.provide(Tracing.layer({ exporter: "none" }).pipe(Layer.provideMerge(quiet))),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  )

  it.effect("are for others to remove as well: log lines, by the redaction of the fiber", () =>
    Effect.gen(function* () {
      const redaction = yield* Redaction.CurrentRedaction
      assert.strictEqual(redaction.text("iban=DE00 token=x"), "iban=REDACTED token=REDACTED")
      assert.strictEqual(redaction.value("user.password", "hunter2"), "REDACTED")
      assert.strictEqual(redaction.value("note", { deep: { token: "x" } }), '{"deep":{"token":"REDACTED"}}')
      assert.isUndefined(redaction.value("note", undefined))
    }).pipe(Effect.provide(Tracing.layer({ exporter: "none", redactKeys: ["iban"] }).pipe(Layer.provideMerge(quiet))))
  )
})

describe("the settings of redaction", () => {
  it.effect("are options of the layer, and hold together", () => {
    const { exporter, spans } = remembering()
    return Effect.void.pipe(
      Traced.step("charge-card", {
        attributes: { by: "EMP-004711", "session.id": "s-1", to: "ada@example.com", iban: "DE00" }
      }),
      Effect.provide(
        Tracing.layer({
          exporter: "none",
          exporters: [exporter],
          redactKeys: ["iban"],
          redactPatterns: { employee: "EMP-\\d{6}" },
          redactAllow: ["session.id"],
          redactPersonal: ["email"],
          redactHashKey: Redacted.make("5a".repeat(32))
        }).pipe(Layer.provideMerge(quiet))
      ),
      Effect.andThen(
        Effect.sync(() => {
          const { by, iban, "session.id": session, to } = Object.fromEntries(spans[0]!.attributes)
          assert.strictEqual(session, "s-1")
          assert.match(String(by), /^REDACTED:employee~[0-9a-f]{16}$/)
          assert.match(String(to), /^REDACTED:email~[0-9a-f]{16}$/)
          assert.match(String(iban), /^REDACTED~[0-9a-f]{16}$/)
        })
      )
    )
  })

  it.effect("`off` leaves attributes as they are set", () => {
    const { exporter, spans } = remembering()
    return charge.pipe(
      Effect.provide(
        Tracing.layer({ exporter: "none", exporters: [exporter], redaction: "off" }).pipe(Layer.provideMerge(quiet))
      ),
      Effect.andThen(Effect.sync(() => assert.strictEqual(spans[0]!.attributes.get("note"), jwt)))
    )
  })

  it.effect("a pattern that is none, or no linear one, fails the layer, and says which and why", () =>
    Effect.gen(function* () {
      for (const [pattern, why] of [
        ["(", /missing closing/],
        ["(a)\\1", /invalid escape/],
        ["a(?=b)", /invalid|unsupported|perl/i],
        ["a*", /matches the empty text/]
      ] as const) {
        const error = yield* Effect.flip(
          Effect.scoped(Layer.build(Tracing.layer({ exporter: "none", redactPatterns: { mine: pattern } })))
        )
        assert.instanceOf(error, TracingConfig.TracingConfigError)
        assert.match(error.message, /TRACING_REDACT_PATTERNS/)
        assert.include(error.message, `mine=${pattern.replaceAll("\\", "\\\\")}`)
        assert.match(error.message, why)
      }
    }).pipe(Effect.provide(quiet))
  )

  it.effect("a rule of code that throws masks what it was asked about", () => {
    const { exporter, spans } = remembering()
    return charge.pipe(
      Effect.provide(
        Tracing.layer({
          exporter: "none",
          exporters: [exporter],
          redactionRules: [
            {
              name: "mine",
              masks: () => {
                throw new Error("oops")
              }
            }
          ]
        }).pipe(Layer.provideMerge(quiet))
      ),
      Effect.andThen(Effect.sync(() => assert.strictEqual(spans[0]!.name, "REDACTED:failed")))
    )
  })

  it("without a layer the defaults hold", () => {
    assert.strictEqual(Context.get(Context.empty(), Redaction.CurrentRedaction).text(`see ${jwt}`), "see REDACTED:jwt")
  })
})
