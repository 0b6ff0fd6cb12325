import { assert, describe, it } from "@effect/vitest"
import { Traced, TracingLive } from "@gorax/tracing"
import { ConfigProvider, Effect, Logger } from "effect"
import { TestConsole } from "effect/testing"
import { readFileSync } from "node:fs"

const text = readFileSync("examples/compose/grafana/datasources.yaml", "utf8")

/** What is said of one of Grafana's data sources. */
const sourceOf = (uid: string): string =>
  text.split(/^ {2}- name: /m).find((source) => source.includes(`\n    uid: ${uid}\n`)) ?? assert.fail(`no ${uid}`)

describe("Grafana of the compose file", () => {
  it("leads from traces to log lines and metrics, and from both back to traces", () => {
    const links = (uid: string) =>
      Array.from(sourceOf(uid).matchAll(/datasourceUid: (\w+)/g), ([, target = ""]) => target).toSorted((a, b) =>
        a.localeCompare(b)
      )
    assert.deepStrictEqual(links("tempo"), ["loki", "prometheus"])
    assert.deepStrictEqual(links("loki"), ["tempo", "tempo"])
    assert.deepStrictEqual(links("prometheus"), ["tempo"])
    assert.match(sourceOf("prometheus"), /exemplarTraceIdDestinations:\n {8}- name: trace_id\n/)
    // A $ of its own would be replaced by nothing when Grafana starts
    assert.notMatch(text.replace(/^ *#.*$/gm, ""), /(?<!\$)\$(?!\$)/)
  })

  for (const [form, logger] of [
    ["pretty", Logger.consolePretty({ colors: false })],
    ["JSON", Logger.consoleJson],
    ["logfmt", Logger.consoleLogFmt],
    ["plain", Logger.defaultLogger]
  ] as const) {
    it.effect(`finds the trace in a line of Effect's ${form} form`, () =>
      Effect.gen(function* () {
        yield* Effect.log("working").pipe(
          Traced.span("work"),
          Effect.provide(TracingLive),
          Effect.provide([
            ConfigProvider.layer(ConfigProvider.fromUnknown({ TRACING_ENABLED: "true", TRACING_EXPORTER: "none" })),
            Logger.layer([logger])
          ])
        )
        const [, expression = ""] = /matcherType: regex\n +matcherRegex: (.+)\n/.exec(text) ?? []
        const written = (yield* TestConsole.logLines).map((entry) =>
          typeof entry === "string" ? entry : JSON.stringify(entry)
        )
        assert.match(
          new RegExp(expression).exec(written.join(" "))?.[1] ?? "none",
          /^[0-9a-f]{32}$/,
          written.join("\n")
        )
      })
    )
  }
})
