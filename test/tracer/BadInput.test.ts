import { assert, describe, it } from "@effect/vitest"
import { Traced } from "@gorax/tracing"
import { Effect, Exit, Result, Tracer } from "effect"
import * as fc from "fast-check"
import { encode, encodeJson } from "../../src/export/OtlpEncoder.ts"
import * as Attributes from "../../src/model/Attributes.ts"
import type { SpanData } from "../../src/model/SpanData.ts"
import * as OtlpBody from "../../src/receiver/OtlpBody.ts"
import { GoraxSpan } from "../../src/tracer/GoraxSpan.ts"
import * as Recorder from "./recorder.ts"

const throwing = (): never => {
  throw new Error("gotcha")
}
/** A proxy that throws whatever it is asked. */
const hostile: any = new Proxy(
  {},
  Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, throwing]))
)
const revoked = Proxy.revocable([], {})
revoked.revoke()

const circular: Record<string, unknown> = {}
circular["self"] = circular
const deep = JSON.parse("[".repeat(5000) + "]".repeat(5000))
/** A hundred ways at each of many levels, all the same object. */
const wide = Array.from({ length: 8 }).reduce((inner: unknown) => Array.from({ length: 100 }, () => inner), [1, "a"])
const many = (length: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length }, (_, index) => [`key${index}`, index]))
const tenMegabytes = "x".repeat(10_000_000)

/** What a user may put into an attribute, and what a receiver reads then; a function where it is no one value. */
const values: ReadonlyArray<readonly [string, unknown, unknown]> = [
  ["NaN", Number.NaN, "NaN"],
  ["infinity", Infinity, "Infinity"],
  ["negative infinity", -Infinity, "-Infinity"],
  ["negative zero", -0, 0],
  ["a bigint", 7n, 7],
  ["a bigint that no number holds", 2n ** 64n, "18446744073709551616"],
  ["a bigint of a million digits", 10n ** 1_000_000n, "[huge integer]"],
  ["a symbol", Symbol("s"), undefined],
  ["a function", throwing, undefined],
  ["null", null, undefined],
  ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
  ["an invalid date", new Date(Number.NaN), "Invalid Date"],
  ["a URL with a password", new URL("https://u:p@h/x?q=1"), "https://h/x"],
  ["an error", new TypeError("no"), "TypeError: no"],
  ["an error whose message throws", Object.defineProperty(new Error(), "message", { get: throwing }), "[unreadable]"],
  [
    "a map",
    new Map<unknown, unknown>([
      ["a", 1],
      [{ toString: throwing }, 2]
    ]),
    `{"a":1,"[object]":2}`
  ],
  ["a set", new Set([1, "a"]), `[1,"a"]`],
  ["a typed array", new Float64Array(2), "[16 bytes]"],
  ["a circle", circular, `{"self":{"self":{"self":{"self":{"self":"[deeper]"}}}}}`],
  ["a list five thousand levels deep", deep, `[[[[["[deeper]"]]]]]`],
  ["an object with ten thousand billion entries", wide, (text: string) => text.length === 8192],
  [
    "a getter that throws",
    {
      get a() {
        return throwing()
      },
      b: 1
    },
    `{"a":"[getter]","b":1}`
  ],
  ["a proxy that throws", hostile, "[proxy]"],
  ["a proxy that was revoked", revoked.proxy, "[proxy]"],
  ["a proxy inside", { a: hostile }, `{"a":"[proxy]"}`],
  ["an object with toJSON", { toJSON: throwing, a: 1 }, `{"toJSON":"[function]","a":1}`],
  ["an object with an iterator", { [Symbol.iterator]: throwing, a: 1 }, `{"a":1}`],
  ["an object without a prototype", Object.assign(Object.create(null), { a: 1 }), `{"a":1}`],
  ["an own key called __proto__", JSON.parse(`{"__proto__":1}`), `{"__proto__":1}`],
  ["half a surrogate pair", "a\ud800b", "a\ufffdb"],
  ["half a surrogate pair inside", { a: "\udc00" }, String.raw`{"a":"\udc00"}`],
  ["a sparse list", Object.assign([1], { 2: 3 }), "[1,null,3]"],
  ["a list of mixed kinds", [1, "a", null, undefined, Number.NaN], `[1,"a",null,null,"NaN"]`],
  ["a list with a getter that throws", Object.defineProperty([1, 2], 1, { get: throwing }), `[1,"[getter]"]`],
  [
    "a million numbers",
    Array.from({ length: 1_000_000 }, (_, index) => index),
    (list: unknown[]) => list.length === 1000
  ],
  ["an object of 100,000 keys", many(100_000), (text: string) => text.length <= 8192],
  ["ten megabytes", tenMegabytes, "x".repeat(16_384)],
  ["ten megabytes inside", { a: tenMegabytes }, (text: string) => text.length === 8192],
  ["a pair at the place where it is cut", "x".repeat(16_383) + "👋", "x".repeat(16_383)]
]

/** Both ways of opening a span, and OpenTelemetry's view of it. */
const ways: Readonly<Record<string, (name: string, attributes: Record<string, unknown>) => Effect.Effect<string>>> = {
  "Traced.span": (name, attributes) => Effect.succeed("result").pipe(Traced.span(name, { attributes })),
  "Traced.step": (name, attributes) => Effect.succeed("result").pipe(Traced.step(name, { attributes })),
  "Effect.withSpan": (name, attributes) => Effect.succeed("result").pipe(Effect.withSpan(name, { attributes })),
  "Effect.annotateCurrentSpan": (name, attributes) =>
    Effect.succeed("result").pipe(Effect.tap(Effect.annotateCurrentSpan(attributes)), Effect.withSpan(name)),
  "Traced.event": (name, attributes) =>
    Effect.succeed("result").pipe(Effect.tap(Traced.event("happened", attributes)), Traced.span(name)),
  "a link": (name, attributes) =>
    Effect.succeed("result").pipe(Effect.withSpan(name, { links: [{ span: elsewhere, attributes }] })),
  "OpenTelemetry's API": (name, attributes) =>
    Effect.succeed("result").pipe(
      Effect.tap(
        Effect.map(Effect.currentSpan, (span) => {
          if (span instanceof GoraxSpan) span.span.setAttributes(attributes as {})
        })
      ),
      Effect.withSpan(name)
    ) as Effect.Effect<string>
}
const elsewhere = Tracer.externalSpan({ traceId: "1".repeat(32), spanId: "1".repeat(16) })

interface Read {
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly events: ReadonlyArray<{ readonly name: string; readonly attributes: Readonly<Record<string, unknown>> }>
  readonly links: ReadonlyArray<{ readonly attributes: Readonly<Record<string, unknown>> }>
}

const entriesOf = (attributes: ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>>) =>
  Object.fromEntries(attributes instanceof Map ? attributes : Object.entries(attributes))

/** The batch as a receiver has it, in one encoding. */
const received = (spans: ReadonlyArray<SpanData>, encoding: "json" | "protobuf"): ReadonlyArray<Read> => {
  const left: Array<SpanData> = []
  const bytes = (encoding === "json" ? encodeJson : encode)(spans, (span) => left.push(span))
  assert.deepStrictEqual(left, [])
  return Result.getOrThrow(OtlpBody.decode(bytes, encoding)).spans.map((span) => ({
    name: span.name,
    attributes: entriesOf(span.attributes),
    events: span.events.map(({ attributes, name }) => ({ name, attributes: entriesOf(attributes) })),
    links: span.links.map(({ attributes }) => ({ attributes: entriesOf(attributes) }))
  }))
}

/** Runs the effect between two innocent spans, and answers what both encodings bring of all three. */
const between = <A, E>(self: Effect.Effect<A, E>, options: Recorder.RecorderOptions = {}) => {
  const recorder = Recorder.make(options)
  const innocent = Effect.void.pipe(Traced.step("innocent"))
  const exit = Effect.runSyncExit(
    recorder.run(Effect.tap(innocent, () => Effect.void).pipe(Effect.andThen(Effect.exit(self)), Effect.tap(innocent)))
  )
  assert.isTrue(Exit.isSuccess(exit))
  const inner = Exit.isSuccess(exit) ? exit.value : (undefined as never)
  const spans = (["protobuf", "json"] as const).map((encoding) => {
    const all = received(recorder.spans, encoding)
    assert.strictEqual(all.length, recorder.spans.length)
    assert.strictEqual(all[0]!.attributes["node_id"], "innocent")
    assert.strictEqual(all.at(-1)!.attributes["node_id"], "innocent")
    assert.isBelow((encoding === "json" ? encodeJson : encode)(recorder.spans).length, 4 * 1024 * 1024)
    return all[1]!
  })
  return { exit: inner, spans, recorded: recorder.spans[1]!, books: recorder.books }
}

describe("whatever a user puts into an attribute, the program and the batch are unharmed", () => {
  for (const [way, open] of Object.entries(ways)) {
    it.each(values)(`%s, through ${way}`, { timeout: 10_000 }, (_, value, expected) => {
      const before = performance.now()
      const { exit, spans } = between(open("guilty", { before: 1, value, after: 2 }))
      assert.isBelow(performance.now() - before, 10_000)
      assert.deepStrictEqual(exit, Exit.succeed("result"))
      for (const { attributes, events, links } of spans) {
        const held = (events[0] ?? links[0] ?? { attributes }).attributes
        assert.strictEqual(held["before"], 1)
        assert.strictEqual(held["after"], 2)
        if (typeof expected === "function") assert.isTrue(expected(held["value"]))
        else assert.deepStrictEqual(held["value"], expected)
      }
    })
  }

  it("any value at all, and any key", () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true
    })
    const record = fc.dictionary(fc.string({ unit: "binary" }), anything)
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(ways)), record, (open, attributes) => {
        assert.deepStrictEqual(between(open("guilty", attributes)).exit, Exit.succeed("result"))
      }),
      { numRuns: 300 }
    )
  })
})

describe("a record that defends itself", () => {
  const traps = {
    before: 1,
    get value() {
      return throwing()
    }
  }
  it.each(["Traced.span", "Traced.step", "Traced.event", "a link", "OpenTelemetry's API"])(
    "loses the attribute that throws, through %s",
    (way) => {
      const { exit, spans } = between(ways[way]!("guilty", traps))
      assert.deepStrictEqual(exit, Exit.succeed("result"))
      for (const { attributes, events, links } of spans) {
        const held = (events[0] ?? links[0] ?? { attributes }).attributes
        assert.strictEqual(held["before"], 1)
        assert.strictEqual(held["value"], "[unreadable]")
      }
    }
  )
  it.each(["Traced.span", "Traced.step", "Traced.event", "a link", "OpenTelemetry's API"])(
    "loses all of them where it is a proxy that throws, through %s",
    (way) => {
      assert.deepStrictEqual(between(ways[way]!("guilty", hostile)).exit, Exit.succeed("result"))
    }
  )
  it("Traced.annotate tells what can be read", () => {
    const { exit, spans } = between(Traced.annotate(traps).pipe(Effect.as("result"), Traced.span("guilty")))
    assert.deepStrictEqual(exit, Exit.succeed("result"))
    for (const { attributes } of spans) assert.deepStrictEqual(attributes, { before: 1, value: "[unreadable]" })
  })
  it("options that throw cost a span what they say, and the program nothing", () => {
    const options = {
      type: "http",
      get attributes() {
        return throwing()
      }
    }
    for (const combinator of [
      Traced.step("guilty", options),
      Traced.step("guilty", () => throwing()),
      Traced.workflow("guilty", {
        executionId: "e",
        get tenantId() {
          return throwing()
        }
      }),
      Traced.span("guilty", hostile),
      Traced.span("guilty", null as any),
      Traced.span("guilty", { links: 5, kind: "no kind" } as any)
    ]) {
      assert.deepStrictEqual(between(combinator(Effect.succeed("result"))).exit, Exit.succeed("result"))
    }
  })
})

describe("limits hold, and what is beyond them is counted", () => {
  it("a million attributes", { timeout: 60_000 }, () => {
    const million = many(1_000_000)
    for (const way of ["Traced.span", "Effect.withSpan", "OpenTelemetry's API"]) {
      const before = performance.now()
      const { recorded } = between(ways[way]!("guilty", million))
      assert.isBelow(performance.now() - before, 15_000, way)
      assert.strictEqual(recorded.attributes.size, 128)
      assert.strictEqual(recorded.droppedAttributes, 1_000_000 - 128)
    }
  })
  it("a million events and links", { timeout: 60_000 }, () => {
    const links = Array.from({ length: 1_000_000 }, () => ({ span: elsewhere, attributes: {} }))
    const { recorded } = between(
      Effect.map(Effect.currentSpan, (span) => {
        for (let index = 0; index < 1_000_000; index++) span.event("e", 1n, { index })
        span.addLinks(links)
      }).pipe(Effect.withSpan("guilty"))
    )
    assert.deepStrictEqual(
      [recorded.events.length, recorded.droppedEvents, recorded.links.length, recorded.droppedLinks],
      [128, 999_872, 128, 999_872]
    )
  })
  it("a span full of long texts stays below what collectors take, and says what was left out", () => {
    const texts = Object.fromEntries(Array.from({ length: 128 }, (_, index) => [`key${index}`, "漢".repeat(20_000)]))
    const { recorded } = between(
      Traced.event("e", texts).pipe(Effect.repeat({ times: 20 }), Traced.span("guilty", { attributes: texts }))
    )
    const dropped = recorded.events.reduce((sum, event) => sum + event.droppedAttributes, recorded.droppedAttributes)
    const kept = recorded.events.reduce(
      (sum, event) => sum + Object.keys(event.attributes).length,
      recorded.attributes.size
    )
    assert.strictEqual(kept, Math.floor(Attributes.mostText / 16_384) - 1)
    assert.strictEqual(dropped + kept, 22 * 128)
  })
  it("keys that are no text, empty or huge are counted; __proto__ is a key like any other", () => {
    const { recorded, spans } = between(
      Effect.map(Effect.currentSpan, (span) => {
        for (const key of [Symbol("s"), 5, undefined, hostile, "", "k".repeat(5000)]) span.attribute(key, 1)
        span.attribute("__proto__", 2)
        span.event("e", 1n, JSON.parse(`{"__proto__":3,"":4}`))
      }).pipe(Effect.withSpan("guilty"))
    )
    assert.strictEqual(recorded.droppedAttributes, 6)
    assert.strictEqual(recorded.events[0]!.droppedAttributes, 1)
    for (const { attributes, events } of spans) {
      assert.deepStrictEqual(Object.entries(attributes), [["__proto__", 2]])
      assert.deepStrictEqual(Object.entries(events[0]!.attributes), [["__proto__", 3]])
    }
  })
})

describe("names, times, links and statuses of any kind", () => {
  const onSpan = (f: (span: GoraxSpan) => void) =>
    between(
      Effect.map(Effect.currentSpan, (span) => f(span as GoraxSpan)).pipe(
        Effect.as("result"),
        Effect.withSpan("guilty")
      )
    )

  it.each([
    ["no text", 5, "5"],
    ["nothing", undefined, ""],
    ["empty", "", ""],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a proxy", hostile, "[proxy]"],
    ["huge", tenMegabytes, "x".repeat(1024)]
  ] as ReadonlyArray<readonly [string, any, string]>)("a name that is %s", (_, name, expected) => {
    const { exit, spans } = onSpan((span) => {
      span.event(name, 1n)
      span.span.updateName(name)
    })
    assert.deepStrictEqual(exit, Exit.succeed("result"))
    for (const span of spans) assert.deepStrictEqual([span.name, span.events[0]!.name], [expected, expected])
    if (name === hostile) return
    const opened = between(Traced.event(name).pipe(Effect.as("result"), Traced.span(name)))
    assert.deepStrictEqual(opened.exit, Exit.succeed("result"))
    for (const span of opened.spans) assert.deepStrictEqual([span.name, span.events[0]!.name], [expected, expected])
  })

  it("times that are none, before the epoch, or beyond 64 bits", () => {
    const times: ReadonlyArray<any> = [-1n, 2n ** 70n, Number.NaN, "now", undefined, Symbol("s"), hostile]
    const otelTimes: ReadonlyArray<any> = [
      Number.NaN,
      Infinity,
      -1,
      new Date(Number.NaN),
      [Number.NaN, 1],
      [1.5, 2.5],
      [],
      hostile
    ]
    for (const time of [...times, ...otelTimes]) {
      const { exit, recorded } = onSpan((span) => {
        span.event("e", time)
        span.span.addEvent("e", time)
        span.span.addEvent("e", {}, time)
        span.span.recordException(new Error("no"), time)
        span.span.end(time)
        span.end(time, Exit.void)
      })
      assert.deepStrictEqual(exit, Exit.succeed("result"))
      assert.isTrue(recorded.endTime >= recorded.startTime)
      for (const event of recorded.events) assert.isTrue(event.time >= 0n && event.time < 2n ** 63n)
    }
  })

  it("a clock that goes backwards makes a span of no length", () => {
    const { recorded } = onSpan((span) => span.end(1n, Exit.void))
    assert.strictEqual(recorded.endTime, recorded.startTime)
  })

  it("links that lead nowhere are counted, and the others kept", () => {
    const bad: ReadonlyArray<any> = [
      { span: { ...elsewhere, traceId: "0".repeat(32) } },
      { span: { ...elsewhere, spanId: "1" } },
      { span: { ...elsewhere, traceId: { toString: () => "1".repeat(32) } } },
      { span: hostile },
      { span: undefined },
      null,
      hostile
    ]
    const { exit, recorded, spans } = onSpan((span) => {
      span.addLinks([...bad, { span: elsewhere, attributes: many(130) }])
      span.addLinks(hostile)
      span.span
        .addLink(null as any)
        .addLink({ context: hostile })
        .addLinks(5 as any)
    })
    assert.deepStrictEqual(exit, Exit.succeed("result"))
    assert.strictEqual(recorded.droppedLinks, bad.length + 4)
    assert.strictEqual(recorded.links[0]!.droppedAttributes, 2)
    for (const { links } of spans) assert.strictEqual(links.length, 1)
  })

  it("a parent whose state or flags are nonsense", () => {
    const parent: any = { ...elsewhere, traceFlags: "many", traceState: 5 }
    const { exit } = between(Effect.succeed("result").pipe(Effect.withSpan("guilty", { parent })))
    assert.deepStrictEqual(exit, Exit.succeed("result"))
  })

  it("OpenTelemetry's API takes everything", () => {
    const { exit } = onSpan(({ span }) => {
      for (const value of [null, undefined, 5, hostile, Symbol("s")] as ReadonlyArray<any>) {
        span.setStatus(value).setStatus({ code: 2, message: value }).updateName(value)
        span.setAttributes(value).setAttribute(value, value).addEvent(value, value).recordException(value)
      }
    })
    assert.deepStrictEqual(exit, Exit.succeed("result"))
  })
})

describe("errors of any kind fail the effect as they are", () => {
  const cyclic = new Error("around")
  cyclic.cause = cyclic
  const hostileError = Object.defineProperties(
    new Error(),
    Object.fromEntries(["message", "stack", "name", "_tag", "cause", "toString"].map((key) => [key, { get: throwing }]))
  )
  it.each([
    ["with a cyclic cause", cyclic, "Error"],
    ["frozen", Object.freeze(new TypeError("no")), "TypeError"],
    ["whose every field throws", hostileError, "Error"],
    ["behind a proxy that throws", hostile, "Error"],
    ["that are no errors: text", "text", "string"],
    ["nothing", undefined, "undefined"],
    ["null", null, "object"],
    ["a symbol", Symbol("s"), "symbol"],
    ["a function", Object.assign(() => 1, { toString: throwing }), "function"],
    ["a huge bigint", 10n ** 1_000_000n, "bigint"],
    ["with ten megabytes to say", Object.assign(new Error(tenMegabytes), { _tag: tenMegabytes }), "x".repeat(256)],
    ["without a prototype", Object.create(null), "Error"]
  ] as ReadonlyArray<readonly [string, unknown, string]>)("%s", (_, error, type) => {
    for (const failing of [Effect.fail(error), Effect.die(error)]) {
      for (const wrap of [Traced.span("guilty"), Effect.withSpan("guilty")]) {
        const { exit, spans } = between(wrap(failing))
        assert.isTrue(Exit.isFailure(exit) && exit.cause.reasons.length === 1)
        const reason = Exit.isFailure(exit) ? (exit.cause.reasons[0] as any) : {}
        assert.isTrue(Object.is(reason._tag === "Fail" ? reason.error : reason.defect, error))
        for (const { attributes } of spans) assert.strictEqual(attributes["error.type"], type)
      }
    }
    const { exit } = between(Traced.recordError(error).pipe(Effect.as("result"), Traced.span("guilty")))
    assert.deepStrictEqual(exit, Exit.succeed("result"))
  })
})
