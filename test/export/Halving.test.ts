import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Halving from "../../src/export/Halving.ts"
import type { LeftOut, SpanExporter } from "../../src/model/SpanExporter.ts"
import { ExportError } from "../../src/model/TracingError.ts"
import * as spans from "./spans.ts"

const failure = (reason: "TooLarge" | "Rejected") => new ExportError({ reason, endpoint: "h", advice: "Less." })

/** Takes batches that weigh no more than `most`, where a span weighs what its name says. */
const weighing = (most: number, leftOut?: LeftOut) => {
  const taken: Array<string> = []
  let requests = 0
  const whole: SpanExporter = {
    export: (batch) =>
      Effect.suspend(() => {
        requests++
        const weight = batch.reduce((sum, span) => sum + Number(span.name), 0)
        if (weight > most) return Effect.fail(failure("TooLarge"))
        if (batch.some((span) => span.name === "0")) return Effect.fail(failure("Rejected"))
        taken.push(...batch.map((span) => span.name))
        return Effect.succeed(leftOut)
      })
  }
  return { exporter: Halving.make(whole), taken, requests: () => requests }
}

const batch = (...names: ReadonlyArray<string>) => names.map((name) => spans.make({ name }))
const ones = (count: number) => batch(...Array.from({ length: count }, () => "1"))

describe("Halving", () => {
  it.effect("a batch that is too large arrives whole in parts that are not", () =>
    Effect.gen(function* () {
      const { exporter, requests, taken } = weighing(128)
      assert.isUndefined(yield* exporter.export(ones(512)))
      assert.strictEqual(taken.length, 512)
      assert.strictEqual(requests(), 7)
    })
  )

  it.effect("one span that is too large is all that is lost of its batch", () =>
    Effect.gen(function* () {
      const { exporter, taken } = weighing(600)
      const mixed = [...ones(300), ...batch("10000"), ...ones(211)]
      assert.deepInclude(yield* exporter.export(mixed), { rejected: 1, unreadable: 0 })
      assert.strictEqual(taken.length, 511)
    })
  )

  it.effect("where nothing fits it gives up after 32 requests", () =>
    Effect.gen(function* () {
      const { exporter, requests } = weighing(0)
      assert.strictEqual((yield* Effect.flip(exporter.export(ones(10_000)))).reason, "TooLarge")
      assert.isAtMost(requests(), 32)
      assert.strictEqual((yield* Effect.flip(exporter.export(ones(1)))).reason, "TooLarge")
    })
  )

  it.effect("a part that is refused for another reason is lost, and what parts left out is added up", () =>
    Effect.gen(function* () {
      const { exporter } = weighing(3, { rejected: 1, unreadable: 0, message: "old" })
      const found = yield* exporter.export(batch("0", "1", "1", "1", "1", "1"))
      assert.deepInclude(found, { rejected: 4, unreadable: 0 })
      assert.strictEqual((yield* Effect.flip(exporter.export(batch("0")))).reason, "Rejected")
    })
  )
})
