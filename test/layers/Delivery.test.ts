import { assert, describe, it } from "@effect/vitest"
import { Tracing, TracingConfig, TracingLive } from "@gorax/tracing"
import { FakeCollector } from "@gorax/tracing/testing"
import { ConfigProvider, Effect, Logger } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import packageJson from "../../package.json" with { type: "json" }
import { certificates } from "../export/certificates.ts"

const settings = (values: Readonly<Record<string, string>>) => ConfigProvider.layer(ConfigProvider.fromUnknown(values))

const work = Effect.withSpan(Effect.void, "work")

describe("OTLP", () => {
  it.live("comes from us, and holds nothing that only the environment says", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* Effect.acquireRelease(
        Effect.sync(() => void (process.env["OTEL_EXPORTER_OTLP_HEADERS"] = "x-canary=1")),
        () => Effect.sync(() => delete process.env["OTEL_EXPORTER_OTLP_HEADERS"])
      )
      yield* work.pipe(Effect.provide(Tracing.layer({ endpoint: collector.url })))
      const [request] = yield* collector.requests
      assert.strictEqual(
        request?.headers["user-agent"],
        `gorax-tracing-OTLP-Exporter-JavaScript/${packageJson.version}`
      )
      assert.notProperty(request?.headers, "x-canary")
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("goes through OpenTelemetry's own exporter where that is asked for", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* work.pipe(
        Effect.provide(TracingLive),
        Effect.provide(
          settings({
            TRACING_ENABLED: "true",
            TRACING_EXPORTER: "otlp-sdk",
            TRACING_ENDPOINT: collector.url,
            TRACING_HEADERS: "x-team=orders",
            TRACING_COMPRESSION: "gzip"
          })
        )
      )
      assert.deepStrictEqual(
        (yield* collector.spans).map(({ name }) => name),
        ["work"]
      )
      const [request] = yield* collector.requests
      assert.strictEqual(request?.encoding, "json")
      assert.deepInclude(request?.headers, { "x-team": "orders", "content-encoding": "gzip" })
      assert.match(request?.headers["user-agent"] ?? "", /^OTel-OTLP-Exporter-JavaScript/)
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("in thousands of spans at once arrives whole, several requests at a time", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      yield* Effect.forEach(Array.from({ length: 10_000 }), () => work, { discard: true }).pipe(
        Effect.provide(Tracing.layer({ endpoint: collector.url }))
      )
      assert.strictEqual(new Set((yield* collector.spans).map(({ spanId }) => spanId)).size, 10_000)
    }).pipe(Effect.provide(FakeCollector.layer))
  )
})

describe("certificates", () => {
  const folder = Effect.acquireRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-tls-"))),
    (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true }))
  )

  it.effect("that cannot be read or used fail the layer, and say which setting names them", () =>
    Effect.gen(function* () {
      const at = yield* folder
      const file = (name: string, content: Buffer | string) => {
        fs.writeFileSync(path.join(at, name), content)
        return path.join(at, name)
      }
      const cert = file("cert.pem", certificates.cert)
      const notPem = file("canary.pem", "canary")
      const missing = path.join(at, "missing.pem")
      const cases: ReadonlyArray<readonly [Readonly<Record<string, string>>, string, RegExp]> = [
        [{ TRACING_CERTIFICATE: missing }, "TRACING_CERTIFICATE", /can be read; it is ".*missing.pem" \(ENOENT\)/],
        [{ OTEL_EXPORTER_OTLP_CERTIFICATE: at }, "OTEL_EXPORTER_OTLP_CERTIFICATE", /EISDIR/],
        [{ TRACING_CLIENT_CERTIFICATE: notPem, TRACING_CLIENT_KEY: cert }, "TRACING_CLIENT_CERTIFICATE", /PEM form/],
        [{ TRACING_CLIENT_CERTIFICATE: cert, TRACING_CLIENT_KEY: notPem }, "TRACING_CLIENT_KEY", /PEM form/],
        [{ TRACING_CLIENT_CERTIFICATE: cert, TRACING_CLIENT_KEY: missing }, "TRACING_CLIENT_KEY", /ENOENT/]
      ]
      for (const [values, key, rule] of cases) {
        const error = yield* Effect.void.pipe(
          Effect.provide(TracingLive),
          Effect.provide(settings({ TRACING_ENABLED: "true", ...values })),
          Effect.flip
        )
        assert.instanceOf(error, TracingConfig.TracingConfigError)
        assert.deepStrictEqual(
          error.problems.map((problem) => problem.key),
          [key]
        )
        assert.match(error.message, rule)
      }
      const key = file("key.pem", certificates.key)
      yield* Effect.void.pipe(
        Effect.provide(TracingLive),
        Effect.provide(
          settings({
            TRACING_ENABLED: "true",
            TRACING_CERTIFICATE: cert,
            TRACING_CLIENT_CERTIFICATE: cert,
            TRACING_CLIENT_KEY: key
          })
        )
      )
    }).pipe(Effect.provide(Logger.layer([])))
  )
})
