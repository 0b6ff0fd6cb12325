/**
 * The example platform, as `npm start -- --once` starts it, with its traces sent to a Jaeger and read back from there.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { SpanTree } from "@gorax/tracing/testing"
import { Effect, Schedule, Stream } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"
import { fulfilOrder, inFulfilOrder } from "../examples/fulfilOrder.ts"

const start = fileURLToPath(new URL("../../examples/start.ts", import.meta.url))
const jaegerUrl = process.env["TEST_JAEGER_URL"]

/** Runs every workflow once, and gives what was printed. */
const once = Effect.fnUntraced(function* (env: Readonly<Record<string, string>>) {
  const child = yield* ChildProcess.make(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--conditions=@gorax/source", start, "--once"],
    { env: { PORT: "0", ...env }, extendEnv: true }
  )
  const printed = yield* child.all.pipe(Stream.decodeText(), Stream.mkString)
  assert.strictEqual(Number(yield* child.exitCode), 0, printed)
  return printed
}, Effect.scoped)

const attributes = (tags: ReadonlyArray<any>): ReadonlyMap<string, any> =>
  new Map(tags.map(({ key, value }) => [key, value]))

/** Jaeger's answer as spans of ours, as far as a picture of them needs it. */
const spansOf = ({ processes, spans }: any) =>
  spans.map((span: any) => {
    const tags = attributes(span.tags)
    return {
      traceId: span.traceID,
      spanId: span.spanID,
      parentSpanId: span.references.find(({ refType }: any) => refType === "CHILD_OF")?.spanID,
      name: span.operationName,
      startTime: BigInt(span.startTime) * 1000n,
      endTime: BigInt(span.startTime + span.duration) * 1000n,
      attributes: tags,
      statusCode: tags.get("error") === true ? "error" : "unset",
      resource: { attributes: { "service.name": processes[span.processID].serviceName } }
    }
  })

describe.skipIf(jaegerUrl === undefined)("the example platform", () => {
  it.live("tells Jaeger the whole story of an order, of three processes and a queue", () =>
    Effect.gen(function* () {
      const endpoint = process.env["TEST_JAEGER_OTLP_URL"] ?? "http://localhost:4318"
      const printed = yield* once({ TRACING_ENDPOINT: endpoint })
      const traceId = /fulfil-order completed\s+trace ([0-9a-f]{32})/.exec(printed)?.[1]
      if (traceId === undefined) return assert.fail(printed)
      const expected = fulfilOrder.split("\n").length
      assert.strictEqual(expected, 39)
      const spans: ReadonlyArray<any> = yield* Effect.tryPromise({
        try: async () => {
          const { data }: any = await (await fetch(`${jaegerUrl}/api/traces/${traceId}`)).json()
          return spansOf(data[0])
        },
        catch: String
      }).pipe(
        Effect.filterOrFail(
          ({ length }) => length === expected,
          ({ length }) => `${length} spans`
        ),
        Effect.retry(Schedule.max([Schedule.spaced("100 millis"), Schedule.recurs(150)]))
      )
      assert.strictEqual(SpanTree.drawSpans(spans, ...inFulfilOrder), fulfilOrder)
      const known = new Set(spans.map(({ spanId }) => spanId))
      const orphans = spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !known.has(parentSpanId))
      assert.deepStrictEqual(orphans, [])
      const services = new Set(spans.map(({ resource }) => resource.attributes["service.name"]))
      assert.sameMembers([...services], ["gorax-api", "gorax-worker", "gorax-services"])
    }).pipe(Effect.provide(NodeServices.layer))
  )
})
