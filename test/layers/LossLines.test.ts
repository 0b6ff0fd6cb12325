import { assert, describe, it } from "@effect/vitest"
import { ExportError, type SpanExporter, Tracing } from "@gorax/tracing"
import { ConfigProvider, Deferred, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"

const refusal = new ExportError({ reason: "Rejected", endpoint: "there", advice: "Look at its log." })

/** Warnings, with the second in which they were said. */
const listening = () => {
  const lines: Array<string> = []
  const layer = Logger.layer([
    Logger.make(({ date, logLevel, message }) => {
      if (logLevel === "Warn") lines.push(`${date.getTime() / 1000}s ${String(message)}`)
    })
  ])
  return { lines, layer }
}

const layerOf = (exporter: SpanExporter, values: Readonly<Record<string, string>>) =>
  Tracing.layerConfig({ exporters: [exporter] }).pipe(
    Layer.provide(
      ConfigProvider.layer(ConfigProvider.fromUnknown({ TRACING_ENABLED: "true", TRACING_EXPORTER: "none", ...values }))
    )
  )

/** A span a second. */
const work = (seconds: number) =>
  Effect.forEach(
    Array.from({ length: seconds }),
    () => Effect.andThen(Effect.withSpan(Effect.void, "work"), TestClock.adjust("1 second")),
    { discard: true }
  )

describe("lost spans are one warning, then at most one a minute", () => {
  it.effect("while a destination refuses them", () => {
    const { layer, lines } = listening()
    const why = "Last error: ExportError: Rejected: there. Look at its log."
    return Effect.gen(function* () {
      yield* work(150).pipe(
        Effect.provide(layerOf({ export: () => Effect.fail(refusal) }, { TRACING_BATCH_TIMEOUT: "0" }))
      )
      assert.deepStrictEqual(lines, [
        `1s Tracing lost spans: 1 not delivered. ${why}`,
        `61s Tracing lost spans: 60 not delivered. ${why}`,
        `121s Tracing lost spans: 60 not delivered. ${why}`,
        // The rest, when the layer is closed
        `150s Tracing lost spans: 29 not delivered. ${why}`
      ])
    }).pipe(Effect.provide(layer))
  })

  it.effect("while more come than may wait", () => {
    const { layer, lines } = listening()
    return Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      yield* Effect.gen(function* () {
        yield* work(70)
        // Else the layer waits for it, in a time that stands still
        yield* Deferred.succeed(gate, undefined)
      }).pipe(
        Effect.provide(
          layerOf(
            { export: () => Deferred.await(gate) },
            {
              TRACING_BATCH_TIMEOUT: "0",
              TRACING_BATCH_SIZE: "1",
              TRACING_BATCH_QUEUE_SIZE: "2",
              TRACING_MAX_CONCURRENT_EXPORTS: "1"
            }
          )
        )
      )
      assert.deepStrictEqual(lines, [
        "3s Tracing lost spans: 1 found the queue full.",
        "63s Tracing lost spans: 59 found the queue full.",
        "70s Tracing lost spans: 7 found the queue full."
      ])
    }).pipe(Effect.provide(layer))
  })
})
