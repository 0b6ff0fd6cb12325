import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { FakeCollector } from "@gorax/tracing/testing"
import { Clock, Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import * as receivers from "../export/receivers.ts"
import * as BrokenSetup from "./BrokenSetup.ts"
import * as CommandLine from "./CommandLine.ts"
import * as swallowing from "./swallowing.ts"

const world = Layer.merge(FakeCollector.layer, NodeServices.layer)

/** Each setup that docs/doctor.md tells of, as people meet it: a command, and what it prints. */
describe("gorax-tracing doctor tells a stranger what is the matter when", () => {
  for (const { advice, severity, summary, symptom, variables } of BrokenSetup.ten) {
    it.live(symptom, () =>
      Effect.gen(function* () {
        const env = yield* variables
        const { code, err, out } = yield* CommandLine.run("doctor", env)
        assert.deepStrictEqual([code, err], [severity === "problem" ? 2 : 0, ""], out)
        const [, first = ""] = out.split("\n\n")
        assert.match(first.split("\n")[0]!.replace(/^✗ /, ""), summary)
        assert.match(first.replaceAll(/\s+/g, " ").split(" do ")[1] ?? "", advice)
        assert.notInclude(out, "\u001B", "colours, and nobody there to see them")
        assert.notInclude(out, "canary")
      }).pipe(Effect.provide(world))
    )
  }

  it("the page on the doctor has the same ten", () => {
    const page = readFileSync("docs/doctor.md", "utf8")
    for (const { symptom } of BrokenSetup.ten) assert.include(page, `| ${symptom} |`)
  })
})

describe("gorax-tracing doctor", () => {
  it.live("is content with a set-up that is well, warnings and all, and says so with its exit code", () =>
    Effect.gen(function* () {
      const { spans, url } = yield* FakeCollector.FakeCollector
      const { code, out } = yield* CommandLine.run("doctor --json", {
        ...BrokenSetup.well,
        TRACING_ENDPOINT: url,
        TRACING_TRUST: "public"
      })
      assert.strictEqual(code, 0)
      const report = JSON.parse(out)
      assert.strictEqual(report.severity, "warning")
      assert.sameMembers(Object.keys(report), ["severity", "summary", "findings", "settings"])
      assert.deepStrictEqual(
        (yield* spans).map(({ name }) => name),
        ["gorax-tracing doctor"]
      )
    }).pipe(Effect.provide(world))
  )

  it.live("exits with 1 for what it was not asked right, as every command does", () =>
    Effect.gen(function* () {
      const { code, err } = yield* CommandLine.run("doctor --query nowhere")
      assert.strictEqual(code, 1)
      assert.match(err, /a URL, such as http:\/\/jaeger:16686/)
    }).pipe(Effect.provide(world))
  )

  it.live("shows no secret, wherever it stands and whoever repeats it", () =>
    Effect.gen(function* () {
      const echo = yield* BrokenSetup.http((request, response) => {
        const heard = `${JSON.stringify(request.headers)} ${request.url}`
        BrokenSetup.answering(400, { via: heard.replaceAll(/[^ -~]/g, "") }, heard)(request, response)
      })
      const canary = (of: string) => `canary-${of}-0123456789`
      const env = {
        ...BrokenSetup.well,
        TRACING_ENDPOINT: `${echo.replace("//", `//${canary("user")}:${canary("password")}@`)}?x=${canary("query")}`,
        TRACING_HEADERS: `authorization=Bearer%20${canary("bearer")},x-key=${canary("header")}`,
        OTEL_EXPORTER_OTLP_HEADERS: `x-other=${canary("otel")}`,
        TRACING_EXPORTER: "otlp,zipkin,jaeger",
        TRACING_ZIPKIN_ENDPOINT: echo.replace("//", `//u:${canary("zipkin")}@`),
        TRACING_JAEGER_ENDPOINT: `${echo}/?token=${canary("jaeger")}`,
        TRACING_TRUST: "public",
        TRACING_TRUST_SECRET: canary("trust"),
        TRACING_SPOOL_KEY: "ca".repeat(32),
        TRACING_RESOURCE_ATTRIBUTES: `password=${canary("resource")}`,
        HTTP_PROXY: `http://u:${canary("proxy")}@proxy.example:3128`
      }
      for (const args of ["doctor --verbose", "doctor --json"]) {
        const { err, out } = yield* CommandLine.run(args, env)
        assert.notInclude(out + err, "canary", args)
        assert.notInclude(out + err, "caca", args)
        assert.notInclude(out + err, Buffer.from("canary-").toString("base64").slice(0, 8), args)
      }
    }).pipe(Effect.provide(world))
  )

  it.live("tells a port that swallows connections from one that refuses them", () =>
    Effect.gen(function* () {
      const url = yield* swallowing.url
      const { code, out } = yield* CommandLine.run("doctor --json", { ...BrokenSetup.well, TRACING_ENDPOINT: url })
      assert.strictEqual(code, 2)
      const [first] = JSON.parse(out).findings
      assert.strictEqual(first.check, "destination.connection")
      assert.match(first.summary, /^Nobody answers at 127\.0\.0\.1:\d+, and nobody refuses$/)
      assert.match(first.advice, /firewall/)
    }).pipe(Effect.provide(world))
  )

  it.live("is done within 15 seconds, however many receivers hang", () =>
    Effect.gen(function* () {
      const hanging = yield* receivers.silent
      const before = yield* Clock.currentTimeMillis
      const { code } = yield* CommandLine.run("doctor", {
        ...BrokenSetup.well,
        TRACING_EXPORTER: "otlp,zipkin,jaeger",
        TRACING_ENDPOINT: hanging,
        TRACING_ZIPKIN_ENDPOINT: hanging,
        TRACING_JAEGER_ENDPOINT: hanging
      })
      assert.strictEqual(code, 2)
      assert.isBelow((yield* Clock.currentTimeMillis) - before, 15_000)
    }).pipe(Effect.provide(world))
  )
})
