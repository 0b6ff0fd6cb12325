import { assert, describe, it } from "@effect/vitest"
import { Traced, Tracing, TracingConfig, TracingHealth } from "@gorax/tracing"
import { FakeCollector } from "@gorax/tracing/testing"
import { ConfigProvider, Effect, Layer, Logger, Redacted } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as HeadersFile from "../../src/layers/HeadersFile.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-headers-"))),
  (name) => Effect.sync(() => fs.rmSync(name, { recursive: true, force: true }))
)

const protocols = ["http/protobuf", "http/json", "grpc"] as const
const endpoint = (collector: FakeCollector.FakeCollector["Service"], protocol: string): string =>
  protocol === "grpc" ? collector.grpcUrl : collector.url

const layer = (settings: Readonly<Record<string, string>>, plugins: Tracing.TracingPlugins = {}) =>
  Tracing.layerConfig(plugins).pipe(
    Layer.provide(
      ConfigProvider.layer(
        ConfigProvider.fromUnknown({
          TRACING_ENABLED: "true",
          TRACING_BATCH_TIMEOUT: "1",
          TRACING_RETRY_DELAY: "5",
          TRACING_RETRY_MAX_DELAY: "20",
          ...settings
        })
      )
    )
  )

const heard = () => {
  const lines: Array<string> = []
  return {
    lines,
    layer: Logger.layer([
      Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${[message].flat().join(" ")}`))
    ])
  }
}

const span = (name: string) => Effect.void.pipe(Traced.span(name))

/** As a secret is rotated: a new file takes the place of the old one in one step. */
const replace = (file: string, text: string): void => {
  fs.writeFileSync(`${file}.new`, text)
  fs.renameSync(`${file}.new`, file)
}

describe("TRACING_HEADERS_FILE", () => {
  for (const protocol of protocols) {
    it.live(
      `a token that is replaced costs no span, though the old one is refused before there is another: ${protocol}`,
      () =>
        Effect.gen(function* () {
          const collector = yield* FakeCollector.FakeCollector
          const { layer: logs, lines } = heard()
          const file = path.join(yield* folder, "headers")
          fs.writeFileSync(file, "# for the collector\nauthorization=Bearer%20one\nx-tenant=acme\n")
          yield* Effect.gen(function* () {
            yield* collector.respondWith(FakeCollector.requires("authorization", "Bearer one"), { times: Infinity })
            yield* span("first")
            yield* collector.awaitSpans(1)
            yield* collector.recover
            yield* collector.respondWith(FakeCollector.requires("authorization", "Bearer two"), { times: Infinity })
            for (let at = 0; at < 20; at++) yield* span(`refused ${at}`)
            // Refused more than once, and nothing to replace it with
            yield* collector.awaitRequests(4)
            const { books, exporters, status } = yield* TracingHealth.snapshot
            assert.deepInclude(books, { rejected: 0, dropped: {} })
            assert.deepStrictEqual([status, exporters[0]?.state], ["degraded", "waiting"])
            assert.include(exporters[0]?.lastError?.message, "It waits for other credentials from TRACING_HEADERS_FILE")
            replace(file, "authorization=Bearer%20two,x-tenant=acme")
            yield* collector.awaitSpans(21)
            assert.deepInclude(yield* TracingHealth.snapshot.pipe(Effect.map(({ books }) => books)), { rejected: 0 })
          }).pipe(
            Effect.provide(
              layer({
                TRACING_ENDPOINT: endpoint(collector, protocol),
                TRACING_PROTOCOL: protocol,
                TRACING_HEADERS: "x-tenant=nobody,x-fixed=1",
                TRACING_HEADERS_FILE: file
              })
            ),
            Effect.provide(logs)
          )
          const requests = yield* collector.requests
          for (const { headers } of requests) {
            assert.deepStrictEqual([headers["x-tenant"], headers["x-fixed"]], ["acme", "1"])
          }
          assert.deepStrictEqual(
            new Set(
              requests
                .filter(({ status }) => status === 0 || status === 200)
                .map(({ headers }) => headers.authorization)
            ),
            new Set(["Bearer one", "Bearer two"])
          )
          assert.notMatch(lines.join("\n"), /Bearer|lost spans/)
        }).pipe(Effect.scoped, Effect.provide(FakeCollector.layer))
    )
  }

  it.live("a token that is replaced in time is never refused: the file is looked at before a request", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const file = path.join(yield* folder, "headers")
      fs.writeFileSync(file, "authorization=one")
      yield* Effect.gen(function* () {
        yield* span("first")
        yield* collector.awaitSpans(1)
        replace(file, "authorization=two")
        yield* Effect.sleep("1100 millis")
        yield* span("second")
        yield* collector.awaitSpans(2)
      }).pipe(
        Effect.provide(layer({ TRACING_ENDPOINT: collector.url, TRACING_HEADERS_FILE: file })),
        Effect.provide(Logger.layer([]))
      )
      assert.deepStrictEqual(
        (yield* collector.requests).map(({ headers }) => headers.authorization),
        ["one", "two"]
      )
    }).pipe(Effect.scoped, Effect.provide(FakeCollector.layer))
  )

  it.live("where the file is gone or holds no headers the last good ones go on, said once and seen in the health", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const { layer: logs, lines } = heard()
      const file = path.join(yield* folder, "headers")
      fs.writeFileSync(file, "authorization=one")
      const about = () => lines.filter((line) => /^(Warn Tracing: H|Info Tracing has h)eaders from/.test(line))
      yield* Effect.gen(function* () {
        // Each refusal makes it look at once
        const deliver = (name: string) =>
          collector.respondWith(401).pipe(Effect.andThen(span(name)), Effect.andThen(TracingHealth.flush))
        fs.rmSync(file)
        assert.deepStrictEqual(yield* deliver("first"), { exported: 1, left: 0 })
        replace(file, "not a header, and secret-canary")
        assert.deepStrictEqual(yield* deliver("second"), { exported: 1, left: 0 })
        const why = `Headers from TRACING_HEADERS_FILE (${file}) are of no use: `
        const { exporters, reasons, status } = yield* TracingHealth.snapshot
        const trouble = `${why}not in the form of headers. Those from before stay in use.`
        assert.deepStrictEqual([status, exporters[0]?.trouble], ["degraded", trouble])
        assert.deepStrictEqual(reasons, [`otlp (${collector.url}/v1/traces): ${trouble}`])
        assert.deepStrictEqual(about(), [`Warn Tracing: ${why}ENOENT. Those from before stay in use.`])
        replace(file, "authorization=two")
        assert.deepStrictEqual(yield* deliver("third"), { exported: 1, left: 0 })
        assert.deepInclude(yield* TracingHealth.snapshot, { status: "healthy", reasons: [] })
        assert.deepStrictEqual(about().slice(1), [
          `Info Tracing has headers from TRACING_HEADERS_FILE (${file}) again.`
        ])
      }).pipe(
        Effect.provide(layer({ TRACING_ENDPOINT: collector.url, TRACING_HEADERS_FILE: file })),
        Effect.provide(logs)
      )
      const sent = (yield* collector.requests).map(({ headers }) => headers.authorization)
      assert.deepStrictEqual([...new Set(sent)], ["one", "two"])
      assert.notInclude(lines.join("\n"), "canary")
    }).pipe(Effect.scoped, Effect.provide(FakeCollector.layer))
  )

  it.live("a file that is of no use at the start fails the layer, with the rule and without what is in it", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const file = (name: string, text: string) => {
        fs.writeFileSync(path.join(home, name), text)
        return path.join(home, name)
      }
      for (const [name, why] of [
        [path.join(home, "absent"), "ENOENT"],
        [home, "EISDIR"],
        [file("words", "secret-canary"), "not in the form of headers"],
        [file("empty", "\n# nothing yet\n"), "not in the form of headers"],
        [file("name", "sec ret=canary"), "not in the form of headers"],
        [file("large", `a=${"x".repeat(70_000)}`), "more than 65536 bytes"]
      ] as const) {
        const error = yield* Effect.flip(Effect.provide(Effect.void, layer({ TRACING_HEADERS_FILE: name })))
        assert.instanceOf(error, TracingConfig.TracingConfigError)
        assert.deepStrictEqual(error.problems, [
          { key: "TRACING_HEADERS_FILE", rule: HeadersFile.rule, value: `${JSON.stringify(name)} (${why})` }
        ])
        assert.notInclude(error.message, "canary")
      }
    }).pipe(Effect.scoped, Effect.provide(Logger.layer([])))
  )

  it.live("is left alone where nothing goes over OTLP", () =>
    Effect.provide(Effect.void, layer({ TRACING_EXPORTER: "none", TRACING_HEADERS_FILE: "/nowhere" })).pipe(
      Effect.provide(Logger.layer([]))
    )
  )

  it("lines are those of TRACING_HEADERS, as many as one likes", () => {
    assert.deepStrictEqual(HeadersFile.parse("A=1\r\n\n # no\n b = two%2C , c=x=y\n"), { a: "1", b: "two,", c: "x=y" })
    for (const text of ["", "#a=1", "a", "=1", "a=1\nb", "a=%", "a=ü"])
      assert.isUndefined(HeadersFile.parse(text), text)
  })
})

describe("headers of the program's own", () => {
  for (const protocol of protocols) {
    it.live(`are asked for again when they are refused, and no span is lost: ${protocol}`, () =>
      Effect.gen(function* () {
        const collector = yield* FakeCollector.FakeCollector
        let asked = 0
        const headers = Effect.sync(() => Redacted.make({ Authorization: `Bearer ${++asked}` }))
        yield* collector.respondWith(FakeCollector.requires("authorization", "Bearer 3"), { times: Infinity })
        yield* Effect.gen(function* () {
          yield* span("told")
          yield* collector.awaitSpans(1)
        }).pipe(
          Effect.provide(
            layer({ TRACING_ENDPOINT: endpoint(collector, protocol), TRACING_PROTOCOL: protocol }, { headers })
          ),
          Effect.provide(Logger.layer([]))
        )
        const sent = (yield* collector.requests).map(({ headers }) => headers.authorization)
        assert.deepStrictEqual([...new Set(sent)], ["Bearer 1", "Bearer 2", "Bearer 3"])
      }).pipe(Effect.provide(FakeCollector.layer))
    )
  }

  it.live("whatever is wrong with them, the program starts, and spans go once it is mended", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const { layer: logs, lines } = heard()
      let answer: Effect.Effect<Redacted.Redacted<Record<string, string>>, unknown> = Effect.fail("token=secret-canary")
      yield* collector.respondWith(FakeCollector.requires("x-key", "right"), { times: Infinity })
      yield* Effect.gen(function* () {
        yield* span("told")
        for (const wrong of [
          Effect.die(new Error("broken")),
          Effect.succeed(Redacted.make({ "no header": "1" })),
          Effect.succeed(Redacted.make({ "x-key": "line\nbreak" }))
        ]) {
          yield* collector.awaitRequests((yield* collector.requests).length + 2)
          answer = wrong
        }
        const { exporters } = yield* TracingHealth.snapshot
        assert.match(exporters[0]?.trouble ?? "", /^Headers from the program itself are of no use: /)
        answer = Effect.succeed(Redacted.make({ "x-key": "right" }))
        yield* collector.awaitSpans(1)
      }).pipe(
        Effect.provide(layer({ TRACING_ENDPOINT: collector.url }, { headers: Effect.suspend(() => answer) })),
        Effect.provide(logs)
      )
      assert.lengthOf(
        lines.filter((line) =>
          line.startsWith("Warn Tracing: Headers from the program itself are of no use: it fails with")
        ),
        1
      )
      assert.notInclude(lines.join("\n"), "canary")
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("and a file of them cannot both be", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.provide(
          Effect.void,
          layer({ TRACING_HEADERS_FILE: "/headers" }, { headers: Effect.succeed(Redacted.make({})) })
        )
      )
      assert.instanceOf(error, TracingConfig.TracingConfigError)
      assert.include(error.message, "TRACING_HEADERS_FILE must be unset where the program itself gives `headers`")
    }).pipe(Effect.provide(Logger.layer([])))
  )
})
