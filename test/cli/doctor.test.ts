import { assert, describe, it } from "@effect/vitest"
import { FakeCollector } from "@gorax/tracing/testing"
import { Viewer } from "@gorax/tracing/viewer"
import { Clock, ConfigProvider, Context, Effect, Layer } from "effect"
import * as Diagnosis from "../../src/cli/doctor/Diagnosis.ts"
import * as Check from "../../src/cli/doctor/Check.ts"
import * as Setup from "../../src/cli/doctor/Setup.ts"
import * as BrokenSetup from "./BrokenSetup.ts"

const place = { folder: import.meta.dirname, nodeVersion: process.version }

const diagnosed = (
  variables: BrokenSetup.Variables,
  { at = place, query }: { readonly at?: typeof place; readonly query?: URL } = {}
) =>
  Setup.read(at).pipe(
    Effect.flatMap((setup) => Diagnosis.make(setup, query)),
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(variables)))
  )

const said = (findings: ReadonlyArray<Check.Finding>, check: string) =>
  findings.filter((found) => found.check === check)

describe("the doctor says first what is the matter, and what to do, when", () => {
  for (const setup of [...BrokenSetup.ten, ...BrokenSetup.others]) {
    it.live(setup.symptom, () =>
      Effect.gen(function* () {
        const before = yield* Clock.currentTimeMillis
        const variables = yield* setup.variables
        const { findings, severity, summary } = yield* diagnosed(variables)
        const first = findings[0]!
        assert.strictEqual(first.check, setup.check, JSON.stringify(findings, undefined, 2))
        assert.strictEqual(severity, setup.severity)
        assert.strictEqual(first.severity, setup.severity)
        assert.match(first.summary, setup.summary)
        assert.match(first.advice ?? "", setup.advice)
        assert.isTrue(summary.startsWith(first.summary), summary)
        assert.notInclude(JSON.stringify(findings), "canary")
        assert.isBelow((yield* Clock.currentTimeMillis) - before, 15_000)
      }).pipe(Effect.provide(FakeCollector.layer))
    )
  }
})

describe("where all is well", () => {
  it.live("finds the test span again in our viewer, and nothing to complain about", () =>
    Effect.gen(function* () {
      const { store, url } = Context.get(yield* Layer.build(Viewer.layer({ port: 0 })), Viewer.Viewer)
      const { findings, severity, summary } = yield* diagnosed({ ...BrokenSetup.well, TRACING_ENDPOINT: url })
      assert.strictEqual(severity, "ok", JSON.stringify(findings, undefined, 2))
      assert.match(summary, /^Nothing keeps traces from appearing/)
      assert.match(said(findings, "destination.read-back")[0]!.seen, /^the viewer has it: http/)
      assert.match(said(findings, "destination.clock")[0]!.summary, /agree$/)
      const [trace] = yield* store.list()
      assert.deepInclude(trace, { rootName: "gorax-tracing doctor", services: ["orders"], spanCount: 1 })
    })
  )

  it.live("says by which variable each setting came", () =>
    Effect.gen(function* () {
      const { url } = yield* FakeCollector.FakeCollector
      const { findings, settings } = yield* diagnosed({
        ...BrokenSetup.well,
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        TRACING_SAMPLING_RATE: "1"
      })
      const [{ seen }] = said(findings, "settings.sources") as [Check.Finding]
      assert.include(seen, `OTEL_EXPORTER_OTLP_ENDPOINT="${url}" (TRACING_ENDPOINT)`)
      assert.include(seen, 'TRACING_SAMPLING_RATE="1" (TRACING_SAMPLE_RATE)')
      const of = (key: string) => settings.find((setting) => setting.key === key)
      assert.strictEqual(of("TRACING_ENDPOINT")?.source, "OTEL_EXPORTER_OTLP_ENDPOINT")
      assert.deepStrictEqual(of("TRACING_PROPAGATORS"), {
        key: "TRACING_PROPAGATORS",
        value: "tracecontext,baggage",
        source: "default"
      })
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("asks where it is told to, and does not take its word for another trace", () =>
    Effect.gen(function* () {
      const { url } = yield* FakeCollector.FakeCollector
      const asked: Array<string> = []
      const api = yield* BrokenSetup.http((request, response) => {
        asked.push(`${request.url} ${request.headers.authorization}`)
        const isZipkin = request.url!.startsWith("/tools/api/v2/trace/")
        BrokenSetup.answering(
          isZipkin ? 200 : 404,
          { "content-type": "application/json" },
          isZipkin ? `[{"name":"gorax-tracing doctor"}]` : "{}"
        )(request, response)
      })
      const query = new URL("/tools/", api.replace("//", "//me:canary-password@"))
      const { findings } = yield* diagnosed(
        { ...BrokenSetup.well, TRACING_ENDPOINT: url, TRACING_HEADERS: "authorization=Bearer canary-token-1" },
        { query }
      )
      const [found] = said(findings, "destination.read-back")
      assert.strictEqual(found?.severity, "ok", JSON.stringify(found))
      assert.isNotEmpty(asked)
      const login = `Basic ${Buffer.from("me:canary-password").toString("base64")}`
      for (const line of asked) assert.isTrue(line.endsWith(login), "credentials of the receiver went elsewhere")
      assert.notInclude(JSON.stringify(findings), "canary")
    }).pipe(Effect.provide(FakeCollector.layer))
  )
})

describe("Zipkin and Jaeger", () => {
  it.live("sends each a test span in its own format, and says which of them is away", () =>
    Effect.gen(function* () {
      const taken: Array<string | undefined> = []
      const jaeger = yield* BrokenSetup.http((request, response) => {
        if (request.method === "POST") taken.push(request.headers["content-type"])
        BrokenSetup.answering(request.method === "POST" ? 202 : 405)(request, response)
      })
      const { findings } = yield* diagnosed({
        ...BrokenSetup.well,
        TRACING_EXPORTER: "zipkin,jaeger",
        TRACING_JAEGER_ENDPOINT: jaeger,
        TRACING_ZIPKIN_ENDPOINT: yield* BrokenSetup.refused
      })
      assert.deepStrictEqual(taken, ["application/x-thrift"])
      assert.match(findings[0]!.summary, /^Nothing listens/)
      assert.match(findings[0]!.advice!, /TRACING_ZIPKIN_ENDPOINT/)
      assert.match(said(findings, "destination.test-span")[0]!.summary, /\/api\/traces takes spans$/)
    })
  )

  it.live("cannot say anything of an agent, and says so", () =>
    Effect.gen(function* () {
      const { findings } = yield* diagnosed({
        ...BrokenSetup.well,
        TRACING_EXPORTER: "jaeger",
        TRACING_JAEGER_AGENT: "localhost:6831"
      })
      assert.strictEqual(said(findings, "destination.agent")[0]?.severity, "note")
    })
  )
})
