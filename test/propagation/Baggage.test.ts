import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import * as Baggage from "../../src/propagation/Baggage.ts"

const read = (header: string) =>
  [...Baggage.parse(header)].map(([name, { metadata, value }]) => [name, value, metadata])

it("reads names, percent-encoded values and properties", () => {
  assert.deepStrictEqual(read("userId=Am%C3%A9lie , serverNode=DF%2028;ttl=30;secure, isProduction=false"), [
    ["userId", "Amélie", undefined],
    ["serverNode", "DF 28", "ttl=30;secure"],
    ["isProduction", "false", undefined]
  ])
})

it("leaves out members that do not follow the grammar", () => {
  assert.deepStrictEqual(read("=1,no-equals,sp ace=1,bad=%zz,ok=1,ok=2,"), [["ok", "1", undefined]])
})

it("keeps 64 members and 8192 bytes at the most, on both sides", () => {
  const many = new Map(Array.from({ length: 100 }, (_, index) => [`k${index}`, { value: "v" }]))
  assert.strictEqual(Baggage.parse(Baggage.format(many)).size, 64)
  const long = new Map([
    ["long", { value: "x".repeat(9000) }],
    ["short", { value: "v" }]
  ])
  assert.strictEqual(Baggage.format(long), "short=v")
})

it("reads what it wrote", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-zA-Z0-9_.-]{1,10}$/), fc.string({ unit: "grapheme", maxLength: 20 })),
      (record) => {
        const baggage = new Map(Object.entries(record).map(([name, value]) => [name, { value }]))
        assert.deepStrictEqual(Baggage.parse(Baggage.format(baggage)), baggage)
      }
    )
  )
})

it("never throws, whatever the header holds", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (header) => {
      Baggage.format(Baggage.parse(header))
    })
  )
})

it.effect("is set for what runs inside, and nowhere else", () =>
  Effect.gen(function* () {
    const inside = yield* Baggage.current.pipe(Baggage.set("tier", "gold"))
    assert.deepStrictEqual(inside.get("tier"), { value: "gold" })
    assert.strictEqual((yield* Baggage.current).size, 0)
  })
)
