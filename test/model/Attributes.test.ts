import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import * as fc from "fast-check"
import * as Attributes from "../../src/model/Attributes.ts"

describe("any value becomes one that an attribute can carry", () => {
  const circular: { self?: unknown } = {}
  circular.self = circular
  const hostile = new Proxy(
    {},
    {
      ownKeys() {
        throw new Error("gotcha")
      }
    }
  )
  for (const [what, value, expected] of [
    ["text", "a", "a"],
    ["a number", 1.5, 1.5],
    ["a truth value", false, false],
    ["NaN", Number.NaN, "NaN"],
    ["infinity", -Infinity, "-Infinity"],
    ["a small bigint", 7n, 7],
    ["a large bigint", 2n ** 64n, "18446744073709551616"],
    ["nothing", undefined, undefined],
    ["null", null, undefined],
    ["a function", () => 1, undefined],
    ["a symbol", Symbol("s"), undefined],
    ["a list of one kind", ["a", "b"], ["a", "b"]],
    ["a mixed list", ["a", 1], `["a",1]`],
    ["a sparse list", Object.assign([1], { 2: 3 }), "[1,null,3]"],
    ["an object", { a: { b: [1] } }, `{"a":{"b":[1]}}`],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["an invalid date", new Date(Number.NaN), "Invalid Date"],
    ["a URL", new URL("https://user:pass@host/path?secret=1"), "https://host/path"],
    ["an error", new TypeError("no"), "TypeError: no"],
    ["bytes", new Uint8Array(3), "[3 bytes]"],
    ["a map", new Map([["a", 1]]), `{"a":1}`],
    ["a secret", Redacted.make("hunter2"), "REDACTED"],
    ["a secret in a list", [Redacted.make("hunter2")], `["REDACTED"]`],
    ["a circle", circular, `{"self":{"self":{"self":{"self":{"self":"[deeper]"}}}}}`],
    ["a proxy that throws", hostile, "[proxy]"]
  ] as ReadonlyArray<readonly [string, unknown, unknown]>) {
    it(what, () => assert.deepStrictEqual(Attributes.fromUnknown(value), expected))
  }

  it("however strange it is, and never longer than 8192 characters", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => {
          const converted = Attributes.fromUnknown(value)
          if (typeof converted === "string" && typeof value === "object") assert.isAtMost(converted.length, 8192)
        }
      )
    )
    assert.strictEqual((Attributes.fromUnknown({ long: "x".repeat(100_000) }) as string).length, 8192)
  })
})

describe("a map of attributes", () => {
  const make = (count = 3) => new Attributes.AttributeMap({ count, valueLength: 4 })

  it("keeps the order of first setting, and the last value", () => {
    const map = make()
    map.setAll({ b: 1, a: 2 })
    map.set("b", 3)
    assert.deepStrictEqual(
      [...map],
      [
        ["b", 3],
        ["a", 2]
      ]
    )
    assert.deepStrictEqual([...map.keys()], ["b", "a"])
    assert.deepStrictEqual([...map.values()], [3, 2])
    assert.strictEqual(map.get("b"), 3)
    assert.isFalse(map.has("c"))
    assert.strictEqual(map.size, 2)
  })

  it("counts keys past its limit, and still lets known ones change", () => {
    const map = make(1)
    map.setAll({ a: 1, b: 2, c: 3 })
    map.set("a", 4)
    assert.deepStrictEqual([...map], [["a", 4]])
    assert.strictEqual(map.dropped, 2)
  })

  it("cuts text, also in lists", () => {
    const map = make()
    map.setAll({ text: "abcdef", list: ["abcdef", "ab"] })
    assert.deepStrictEqual([...map.values()], ["abcd", ["abcd", "ab"]])
  })

  it("does not take keys without a name", () => {
    const map = make()
    map.set("", 1)
    assert.strictEqual(map.size, 0)
  })
})
