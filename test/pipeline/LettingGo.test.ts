import { assert, describe, it } from "@effect/vitest"
import { type SpanData, type Stage, TracingConfig } from "@gorax/tracing"
import { Effect, Result } from "effect"
import * as Delivery from "../../src/layers/Delivery.ts"
import * as RecordedSpan from "../../src/model/RecordedSpan.ts"
import * as SpanBooks from "../../src/model/SpanBooks.ts"
import * as spans from "../export/spans.ts"

const settings = Result.getOrThrow(TracingConfig.fromRecord({ TRACING_ENABLED: "true", TRACING_EXPORTER: "none" }))

describe("spans of unsampled traces", () => {
  it.effect("are seen by those who want to, then let go and counted, unless somebody kept them", () =>
    Effect.gen(function* () {
      const books = SpanBooks.make()
      const arrived: Array<SpanData> = []
      const seen: Array<string> = []
      const observing: Stage = (next) =>
        Effect.succeed({
          ...next,
          push(span) {
            seen.push(span.name)
            next.push(span.name === "precious" ? RecordedSpan.keep(span, { why: "precious" }) : span)
          }
        })
      const exporter = { export: (batch: ReadonlyArray<SpanData>) => Effect.sync(() => void arrived.push(...batch)) }
      const { recordsUnsampled, sink } = yield* Delivery.make(
        settings,
        books,
        { exporters: [exporter] },
        { observers: [observing] }
      )
      assert.isTrue(recordsUnsampled)
      for (const [name, traceFlags] of [
        ["common", 2],
        ["sampled", 3],
        ["precious", 2]
      ] as const) {
        books.started++
        books.ended++
        sink.push(spans.make({ name, traceFlags }))
      }
      assert.strictEqual(SpanBooks.inFlight(books), 2)
      yield* sink.flush
      assert.deepStrictEqual(seen, ["common", "sampled", "precious"])
      assert.deepStrictEqual(
        arrived.map(({ attributes, name, traceFlags }) => [name, traceFlags, attributes.get("why")]),
        [
          ["sampled", 3, undefined],
          ["precious", 3, "precious"]
        ]
      )
      assert.deepInclude(books, { ended: 3, exported: 2, letGo: 1 })
      assert.strictEqual(SpanBooks.inFlight(books), 0)
    }).pipe(Effect.scoped)
  )

  it.effect("are not made where nobody wants to see them", () =>
    Effect.gen(function* () {
      const delivery = yield* Delivery.make(settings, SpanBooks.make(), {})
      assert.isFalse(delivery.recordsUnsampled)
    }).pipe(Effect.scoped)
  )
})
