import { assert, describe, it } from "@effect/vitest"
import { Traced, Tracing, TracingLive } from "@gorax/tracing"
import { FakeCollector } from "@gorax/tracing/testing"
import { ConfigProvider, Console, Effect, Layer, Logger } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as jaeger from "../export/jaeger.ts"
import * as receivers from "../export/receivers.ts"
import * as thrift from "../export/thrift.ts"

const live = (values: Readonly<Record<string, string>>) =>
  TracingLive.pipe(
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ TRACING_ENABLED: "true", ...values })))
  )

const program = Effect.void.pipe(
  Traced.step("charge-card"),
  Traced.workflow("fulfil-order", { tenantId: "acme", executionId: "exec-1" })
)

const names = ["workflow.execute", "workflow.step.execute"]

/** What the program prints, and what it logs. */
const listening = () => {
  const printed: Array<string> = []
  const logged: Array<string> = []
  const layer = Layer.mergeAll(
    Layer.succeed(Console.Console, {
      ...globalThis.console,
      log: (...args: ReadonlyArray<unknown>) => printed.push(args.join(" "))
    } as Console.Console),
    Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])
  )
  return { printed, logged, layer }
}

describe("exporters", () => {
  it.live("all that are listed get every span, each in its own format", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const zipkin = yield* receivers.http()
      const thriftCollector = yield* receivers.http()
      const { layer, printed } = listening()
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gorax-exporters-"))
      const file = path.join(folder, "spans.jsonl")
      yield* program.pipe(
        Effect.provide(
          live({
            TRACING_EXPORTER: "otlp,zipkin,jaeger,file,console",
            TRACING_ENDPOINT: collector.url,
            TRACING_HEADERS: "x-key=canary",
            TRACING_ZIPKIN_ENDPOINT: zipkin.url,
            TRACING_JAEGER_ENDPOINT: thriftCollector.url,
            TRACING_FILE_PATH: file
          })
        ),
        Effect.provide(layer)
      )
      const sorted = (found: ReadonlyArray<string>) => [...found].sort()
      assert.deepStrictEqual(sorted((yield* collector.spans).map(({ name }) => name)), names)
      const [toZipkin] = zipkin.requests
      assert.deepStrictEqual(
        sorted(JSON.parse(toZipkin!.body.toString()).map(({ name }: { readonly name: string }) => name)),
        names
      )
      const [toJaeger] = thriftCollector.requests
      assert.deepStrictEqual(
        sorted(jaeger.batch(thrift.fromBinary(toJaeger!.body)).spans.map(({ name }) => name)),
        names
      )
      const line = fs.readFileSync(file, "utf8")
      for (const name of names) assert.include(line, `"name":"${name}"`)
      assert.match(printed.join("\n"), /^workflow\.execute fulfil-order .*\n└─ workflow\.step\.execute charge-card /)

      // Headers are for OTLP alone
      assert.strictEqual((yield* collector.requests)[0]?.headers["x-key"], "canary")
      assert.notInclude(JSON.stringify([toZipkin!.headers, toJaeger!.headers]), "canary")
      assert.include(toZipkin!.headers["user-agent"], "gorax-tracing-Zipkin-Exporter")
      fs.rmSync(folder, { recursive: true })
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("one that is down is tried again by itself, while the others have long got theirs", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const { port } = yield* Effect.scoped(receivers.http())
      const { layer, logged } = listening()
      const spans = yield* Effect.gen(function* () {
        yield* program
        const spans = yield* collector.awaitSpans(2)
        yield* program
        yield* collector.awaitSpans(4)
        // Zipkin comes late, and has everything all the same
        const zipkin = yield* receivers.http(202, port)
        let found = 0
        while (found < 4) found += JSON.parse((yield* zipkin.next).body.toString()).length
        return spans
      }).pipe(
        Effect.provide(
          live({
            TRACING_EXPORTER: "zipkin,otlp",
            TRACING_ENDPOINT: collector.url,
            TRACING_ZIPKIN_ENDPOINT: `http://127.0.0.1:${port}`,
            TRACING_BATCH_TIMEOUT: "5 millis",
            TRACING_RETRY_DELAY: "20 millis"
          })
        ),
        Effect.provide(layer)
      )
      assert.strictEqual(spans.length, 2)
      assert.strictEqual((yield* collector.requests).length, 2)
      assert.isFalse(logged.some((line) => line.includes("lost")))
    }).pipe(Effect.provide(FakeCollector.layer))
  )

  it.live("what one of them loses is said with its name", () =>
    Effect.gen(function* () {
      const zipkin = yield* receivers.http(400)
      const { layer, logged } = listening()
      yield* program.pipe(
        Effect.provide(live({ TRACING_EXPORTER: "console,zipkin", TRACING_ZIPKIN_ENDPOINT: zipkin.url })),
        Effect.provide(layer)
      )
      assert.isTrue(
        logged.some((line) => line.startsWith("Tracing lost spans on their way to zipkin: 2 not delivered."))
      )
    })
  )

  it.live("the agent of Jaeger gets spans by UDP", () =>
    Effect.gen(function* () {
      const agent = yield* receivers.udp
      yield* program.pipe(
        Effect.provide(live({ TRACING_EXPORTER: "jaeger", TRACING_JAEGER_AGENT: `127.0.0.1:${agent.port}` }))
      )
      const { args } = thrift.fromCompactMessage(yield* agent.next)
      assert.strictEqual(jaeger.batch(args[1] as thrift.ThriftStruct).spans.length, 2)
    })
  )

  it.live("the console speaks JSON where programs listen", () =>
    Effect.gen(function* () {
      const { layer, printed } = listening()
      yield* program.pipe(
        Effect.provide(live({ TRACING_EXPORTER: "console", TRACING_CONSOLE_FORMAT: "json" })),
        Effect.provide(layer)
      )
      assert.deepStrictEqual(
        printed.map((line) => JSON.parse(line).resourceSpans[0].scopeSpans[0].spans[0].name),
        names.toReversed()
      )
    })
  )

  it.live("the start says where spans go, without credentials", () =>
    Effect.gen(function* () {
      const said: Array<Record<string, unknown>> = []
      const logger = Logger.layer([Logger.map(Logger.formatStructured, (entry) => void said.push(entry.annotations))])
      const zipkin = yield* receivers.http()
      yield* Effect.void.pipe(
        Effect.provide(
          live({
            TRACING_EXPORTER: "zipkin,jaeger,console",
            TRACING_ZIPKIN_ENDPOINT: `http://user:canary@127.0.0.1:${zipkin.port}`,
            TRACING_JAEGER_AGENT: "127.0.0.1"
          })
        ),
        Effect.provide(logger)
      )
      assert.deepInclude(said[0], {
        exporter: "zipkin, jaeger, console",
        endpoint: `http://127.0.0.1:${zipkin.port}/api/v2/spans, udp://127.0.0.1:6831`
      })
    })
  )

  it.effect("a file that cannot be opened fails the layer, and names the setting", () =>
    Effect.gen(function* () {
      const file = path.join(os.tmpdir(), "no such folder", "spans.jsonl")
      const error = yield* program.pipe(
        Effect.provide(live({ TRACING_EXPORTER: "file", TRACING_FILE_PATH: file })),
        Effect.flip
      )
      assert.include(error.message, `TRACING_FILE_PATH must be the name of a file that can be written`)
      assert.include(error.message, "ENOENT")
    })
  )

  it.live("code lists them too", () =>
    Effect.gen(function* () {
      const { layer, printed } = listening()
      const run = (exporter: Tracing.TracingOptions["exporter"]) =>
        program.pipe(Effect.provide(Tracing.layer({ exporter: exporter! })), Effect.provide(layer))
      yield* run(["console"])
      assert.lengthOf(printed, 1)
      yield* run([])
      yield* run("none")
      assert.lengthOf(printed, 1)
    })
  )
})
