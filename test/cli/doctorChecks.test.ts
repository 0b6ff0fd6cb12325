import { assert, describe, it } from "@effect/vitest"
import { TracingHealth, TracingLive } from "@gorax/tracing"
import { FakeCollector } from "@gorax/tracing/testing"
import { ConfigProvider, Effect, Fiber, Layer, Logger, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Finding } from "../../src/cli/doctor/Check.ts"
import * as Check from "../../src/cli/doctor/Check.ts"
import * as Libraries from "../../src/cli/doctor/Libraries.ts"
import * as Proxies from "../../src/cli/doctor/Proxies.ts"
import * as Report from "../../src/cli/doctor/Report.ts"
import * as RunningProgram from "../../src/cli/doctor/RunningProgram.ts"
import * as Settings from "../../src/cli/doctor/Settings.ts"
import * as Setup from "../../src/cli/doctor/Setup.ts"
import * as SpoolState from "../../src/cli/doctor/SpoolState.ts"
import * as SettingReport from "../../src/layers/SettingReport.ts"
import * as BrokenSetup from "./BrokenSetup.ts"

const setupOf = (
  variables: BrokenSetup.Variables,
  {
    folder = import.meta.dirname,
    nodeVersion = process.version
  }: Partial<Pick<Setup.Setup, "folder" | "nodeVersion">> = {}
) => Effect.provide(Setup.read({ folder, nodeVersion }), ConfigProvider.layer(ConfigProvider.fromEnvRecord(variables)))

/** A program with these packages, by the folder they are in. */
const programWith = (packages: Readonly<Record<string, string>>) =>
  Effect.map(BrokenSetup.folder, (folder) => {
    for (const [at, version] of Object.entries(packages)) {
      const inside = path.join(folder, "node_modules", at)
      fs.mkdirSync(inside, { recursive: true })
      fs.writeFileSync(path.join(inside, "package.json"), JSON.stringify({ version }))
    }
    return folder
  })

const libraries = (packages: Readonly<Record<string, string>>, nodeVersion = "v24.0.0") =>
  Effect.flatMap(programWith(packages), (folder) =>
    Effect.flatMap(setupOf({}, { folder, nodeVersion }), (setup) => Libraries.check(setup).run)
  )

const worst = (findings: ReadonlyArray<Finding>): Finding => Check.sorted(findings)[0]!

describe("libraries that clash", () => {
  it.live("two copies of effect are found wherever they hide, and named", () =>
    Effect.gen(function* () {
      const nested = yield* libraries({ effect: "4.1.0", "orders/node_modules/effect": "4.1.2" })
      assert.strictEqual(worst(nested).severity, "problem")
      assert.match(worst(nested).summary, /^There are 2 copies of effect/)
      assert.include(worst(nested).seen, "4.1.2 in node_modules/orders/node_modules/effect")
      const scoped = yield* libraries({ effect: "4.1.0", "@shop/orders/node_modules/effect": "4.1.0" })
      assert.match(worst(scoped).summary, /^There are 2 copies of effect/)
      const pnpm = yield* libraries({
        ".pnpm/effect@4.1.0/node_modules/effect": "4.1.0",
        ".pnpm/effect@4.1.1/node_modules/effect": "4.1.1"
      })
      assert.match(worst(pnpm).summary, /^There are 2 copies of effect/)
    })
  )

  it.live("one copy that several names lead to is one", () =>
    Effect.gen(function* () {
      const folder = yield* programWith({ ".pnpm/effect@4.1.0/node_modules/effect": "4.1.0" })
      const modules = path.join(folder, "node_modules")
      fs.symlinkSync(".pnpm/effect@4.1.0/node_modules/effect", path.join(modules, "effect"))
      const setup = yield* setupOf({}, { folder, nodeVersion: "v22.19.0" })
      assert.strictEqual(worst(yield* Libraries.check(setup).run).severity, "ok")
    })
  )

  it.live("an effect of another major version, and a Node that is too old, are problems", () =>
    Effect.gen(function* () {
      assert.match(worst(yield* libraries({ effect: "3.17.1" })).advice ?? "", /effect@\^4\.1\.0/)
      assert.match(worst(yield* libraries({ effect: "4.1.0" }, "v20.20.2")).summary, /^Node v20\.20\.2 is too old$/)
      assert.match(worst(yield* libraries({ effect: "4.1.0" }, "v22.18.0")).summary, /too old$/)
    })
  )

  it.live("copies of @opentelemetry/api of one minor version share what is registered, others do not", () =>
    Effect.gen(function* () {
      const both = (version: string) =>
        Effect.map(
          libraries({ "@opentelemetry/api": "1.9.1", "pg/node_modules/@opentelemetry/api": version }),
          (findings) => worst(findings).severity
        )
      assert.strictEqual(yield* both("1.9.0"), "ok")
      assert.strictEqual(yield* both("1.8.0"), "warning")
      assert.strictEqual(yield* both("2.0.0"), "warning")
      const sdks = yield* libraries({
        "@opentelemetry/sdk-trace-base": "2.12.0",
        "old/node_modules/@opentelemetry/sdk-trace-base": "1.30.0"
      })
      assert.match(worst(sdks).summary, /several major versions/)
      const ours = yield* libraries({ "@gorax/tracing": "0.1.0", "a/node_modules/@gorax/tracing": "0.1.0" })
      assert.match(worst(ours).summary, /2 copies of @gorax\/tracing/)
    })
  )
})

describe("proxies", () => {
  const proxy = (variables: BrokenSetup.Variables, host: string, isTls = false) =>
    Effect.map(setupOf(variables), (setup) => Proxies.meantFor(setup, host, isTls))

  it.live("one that is set is meant for hosts that are not exempt, and is shown without its password", () =>
    Effect.gen(function* () {
      const set = { HTTPS_PROXY: "http://me:canary@proxy:3128", NO_PROXY: "internal.example,.svc, *.corp" }
      assert.deepStrictEqual(yield* proxy(set, "tempo.example", true), {
        key: "HTTPS_PROXY",
        shown: "http://proxy:3128"
      })
      assert.isUndefined(yield* proxy(set, "tempo.example", false))
      for (const host of ["internal.example", "a.internal.example", "otel.svc", "a.corp", "localhost", "127.0.0.1"]) {
        assert.isUndefined(yield* proxy(set, host, true), host)
      }
      assert.isUndefined(yield* proxy({ ALL_PROXY: "socks5://p:1", NO_PROXY: "*" }, "tempo.example"))
      assert.strictEqual((yield* proxy({ all_proxy: "p:3128" }, "tempo.example"))?.shown, "p:3128")
    })
  )
})

describe("settings", () => {
  it.live("two spellings that agree are one too many, and an OTEL_ sampler is not heard beside our rate", () =>
    Effect.gen(function* () {
      const setup = yield* setupOf({
        TRACING_SAMPLE_RATE: "0.5",
        TRACING_SAMPLING_RATE: "0.5",
        OTEL_TRACES_SAMPLER: "always_on",
        TRACING_SERVICE_NAME: "orders",
        OTEL_SERVICE_NAME: "elsewhere"
      })
      const findings = yield* Settings.check(setup).run
      const shadowed = findings.filter(({ check }) => check === "settings.shadowed")
      assert.deepStrictEqual(
        shadowed.map(({ severity, summary }) => `${severity}: ${summary}`),
        [
          "warning: OTEL_SERVICE_NAME is set, and TRACING_SERVICE_NAME is heard in its place",
          "note: TRACING_SAMPLING_RATE says the same as TRACING_SAMPLE_RATE",
          "warning: OTEL_TRACES_SAMPLER is set, and TRACING_SAMPLE_RATE is heard in its place"
        ]
      )
    })
  )

  it.live("each is reported with its source, secrets and queries apart", () =>
    Effect.gen(function* () {
      const { settings, texts } = yield* setupOf({
        TRACING_ENDPOINT: "https://me:canary@tempo.example/base?x=canary",
        TRACING_HEADERS: "authorization=canary",
        TRACING_SPOOL_KEY: "ca".repeat(32)
      })
      const report = SettingReport.make(texts, settings)
      const of = (key: string) => report.find((setting) => setting.key === key)
      assert.deepInclude(of("TRACING_ENDPOINT"), {
        source: "TRACING_ENDPOINT",
        value: '"https://REDACTED@tempo.example/base?…"'
      })
      assert.deepInclude(of("TRACING_SAMPLE_RATE"), { source: undefined, value: "1" })
      assert.notMatch(JSON.stringify(report), /canary|caca/)
    })
  )

  it.live("a variable that nobody reads is named with the one that may be meant", () =>
    Effect.gen(function* () {
      const setup = yield* setupOf({ TRACING_ENDPONT: "x", TRACING_COLOUR: "blue", OTEL_LOG_LEVEL: "debug", HOME: "/" })
      const findings = yield* Settings.check(setup).run
      const unknown = findings.filter(({ check }) => check === "settings.known")
      assert.deepStrictEqual(
        unknown.map(({ advice, severity }) => `${severity}: ${advice}`),
        ["warning: Is TRACING_ENDPOINT meant?", "note: All settings are in docs/configuration.md."]
      )
    })
  )
})

describe("a spool", () => {
  const looked = (directory: string) =>
    Effect.flatMap(
      setupOf({ ...BrokenSetup.well, TRACING_SPOOL_DIR: directory }),
      (setup) => SpoolState.check(setup).run
    )

  it.live("that is not there yet is not made by looking at it", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* BrokenSetup.folder, "not", "yet")
      const [found] = yield* looked(directory)
      assert.strictEqual(found!.severity, "ok")
      assert.match(found!.summary, /will be made/)
      assert.isFalse(fs.existsSync(directory))
    })
  )

  it.live("that is empty is in order", () =>
    Effect.gen(function* () {
      const findings = yield* looked(yield* BrokenSetup.folder)
      assert.deepStrictEqual(findings.map(({ check, severity }) => `${check} ${severity}`).slice(0, 2), [
        "spool.folder ok",
        "spool.waiting ok"
      ])
    })
  )
})

describe("what waits in a spool", () => {
  /** A program that could not deliver its one span, and is gone. */
  const leftBehind = Effect.fnUntraced(function* (variables: BrokenSetup.Variables) {
    const directory = yield* BrokenSetup.folder
    const all = {
      ...BrokenSetup.well,
      TRACING_ENDPOINT: yield* BrokenSetup.refused,
      TRACING_SPOOL_DIR: directory,
      TRACING_SHUTDOWN_TIMEOUT: "100",
      ...variables
    }
    const provider = ConfigProvider.layer(ConfigProvider.fromEnvRecord(all))
    yield* Effect.void.pipe(
      Effect.withSpan("work"),
      Effect.provide(TracingLive.pipe(Layer.provide([provider, Logger.layer([])])))
    )
    return all
  })

  const looked = (variables: BrokenSetup.Variables) =>
    Effect.flatMap(setupOf(variables), (setup) => SpoolState.check(setup).run)

  it.live("of a process that is gone is counted, and nothing of it touched", () =>
    Effect.gen(function* () {
      const variables = yield* leftBehind({})
      const before = fs.readdirSync(variables.TRACING_SPOOL_DIR, { recursive: true })
      const found = worst(yield* looked(variables))
      assert.strictEqual(found.summary, "In the spool waits 1 span of processes that are gone")
      assert.match(found.advice!, /spool drain/)
      assert.deepStrictEqual(fs.readdirSync(variables.TRACING_SPOOL_DIR, { recursive: true }), before)
    })
  )

  it.live("with another key is told apart", () =>
    Effect.gen(function* () {
      const variables = yield* leftBehind({ TRACING_SPOOL_KEY: "5a".repeat(32) })
      const findings = yield* looked({ ...variables, TRACING_SPOOL_KEY: "5b".repeat(32) })
      const locked = findings.find(({ check }) => check === "spool.key")
      assert.match(locked!.summary, /encrypted with another key/)
      const known = yield* looked(variables)
      assert.isUndefined(known.find(({ check }) => check === "spool.key"))
    })
  )
})

describe("the report", () => {
  const diagnosis = {
    severity: "problem" as const,
    summary: "It is off.",
    findings: [
      {
        check: "a",
        severity: "problem" as const,
        summary: "It is off",
        tried: "to look",
        seen: "it is off",
        advice: "Turn it on, ".repeat(10).trim()
      },
      { check: "b", severity: "ok" as const, summary: "This is well", tried: "to look", seen: "it is well" }
    ]
  }

  it("is calm: what is well takes a line, and lines are no longer than the screen", () => {
    const drawn = Report.draw(diagnosis, { colour: false, width: 60, verbose: false })
    assert.strictEqual(
      drawn,
      `It is off.

✗ It is off
  tried   to look
  seen    it is off
  do      Turn it on, Turn it on, Turn it on, Turn it on,
          Turn it on, Turn it on, Turn it on, Turn it on,
          Turn it on, Turn it on,

✓ This is well`
    )
    const coloured = Report.draw(diagnosis, { colour: true, width: 60, verbose: true })
    assert.include(coloured, "\u001B[31m✗\u001B[0m")
    assert.include(coloured, "it is well")
  })

  it.effect("keeps what a check in steps has found when time is up, and takes no step behind one that failed", () =>
    Effect.gen(function* () {
      const found = (summary: string): ReadonlyArray<Finding> => [
        { check: "a", severity: "problem", summary, tried: "", seen: "" }
      ]
      const late = new Check.Steps()
      const check = late.toCheck(
        "late",
        Effect.andThen(late.take(Effect.succeed({ found: found("first"), next: true })), late.take<true>(Effect.never))
      )
      const fiber = yield* Effect.forkChild(Check.run(check))
      yield* TestClock.adjust(Check.longest)
      assert.deepStrictEqual(
        (yield* Fiber.join(fiber)).map(({ severity }) => severity),
        ["problem", "warning"]
      )
      const failed = new Check.Steps()
      const stopped = failed.toCheck(
        "stopped",
        Effect.andThen(
          failed.take(Effect.succeed({ found: found("only"), next: undefined })),
          failed.take(Effect.die("a step that must not be taken"))
        )
      )
      assert.deepStrictEqual(yield* Check.run(stopped), found("only"))
    })
  )

  it.effect("has a finding for a check that does not come to an end", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkChild(Check.run({ name: "endless", run: Effect.never }))
      yield* TestClock.adjust(Check.longest)
      const [found] = yield* Fiber.join(fiber)
      assert.deepInclude(found, { check: "endless", severity: "warning" })
    })
  )
})

it.live("reads the same settings from a provider that nests them", () =>
  Effect.gen(function* () {
    const { url } = yield* FakeCollector.FakeCollector
    const nested = ConfigProvider.fromUnknown({ TRACING_ENDPOINT: url, TRACING_ENABLD: "true" })
    const setup = yield* Effect.provide(
      Setup.read({ folder: ".", nodeVersion: "v24.0.0" }),
      ConfigProvider.layer(nested)
    )
    assert.sameMembers([...setup.names], ["TRACING_ENDPOINT", "TRACING_ENABLD"])
    assert.strictEqual(setup.settings.sources.endpoint, "TRACING_ENDPOINT")
  }).pipe(Effect.provide(FakeCollector.layer))
)

describe("a program that can be asked", () => {
  const asked = (health: string, variables: BrokenSetup.Variables = {}) =>
    Effect.flatMap(
      setupOf({ ...BrokenSetup.well, ...variables, TRACING_HEALTH_URL: health }),
      (setup) => RunningProgram.look(setup).run
    )

  const answering = (snapshot: TracingHealth.HealthSnapshot) =>
    BrokenSetup.http(BrokenSetup.answering(200, { "content-type": "application/json" }, encode(snapshot)))

  const encode = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(TracingHealth.HealthSnapshot)))

  it.live("says itself what is the matter, and where it sends to", () =>
    Effect.gen(function* () {
      const absent = yield* TracingHealth.snapshot
      const off = yield* asked(yield* answering(absent))
      assert.deepInclude(off[0], { severity: "problem", summary: "The program says that its tracing is off" })
      assert.match(off[0]!.seen, /Provide TracingLive/)
      const exporter = {
        name: "otlp",
        endpoint: "http://elsewhere:4318/v1/traces",
        state: "delivering",
        requests: 0
      } as const
      const well = { ...absent, status: "healthy", reasons: [], exporters: [exporter] } as const
      const elsewhere = yield* asked(yield* answering(well))
      assert.deepStrictEqual(
        elsewhere.map(({ severity, summary }) => `${severity}: ${summary}`),
        [
          "ok: The program says that its tracing is well",
          "warning: The program runs with other settings than the variables here say"
        ]
      )
      const same = yield* asked(yield* answering(well), { TRACING_ENDPOINT: "http://elsewhere:4318" })
      assert.lengthOf(same, 1)
    })
  )

  it.live("and does not answer, is not held to be well", () =>
    Effect.gen(function* () {
      const [found] = yield* asked(`${(yield* BrokenSetup.refused).replace("//", "//me:canary@")}/health?x=canary`)
      assert.strictEqual(found!.severity, "warning")
      assert.notInclude(JSON.stringify(found), "canary")
    })
  )
})
