import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as CardNumber from "../../src/pipeline/CardNumber.ts"

/** Numbers that brands and payment providers publish for testing. */
const published = [
  "4242424242424242",
  "4000056655665556",
  "5555555555554444",
  "2223003122003222",
  "5105105105105100",
  "378282246310005",
  "371449635398431",
  "6011111111111117",
  "6011000990139424",
  "3056930009020004",
  "36227206271667",
  "3566002020360505",
  "6200000000000005",
  "4222222222222"
]

describe("the number of a card", () => {
  it.each(published.map((digits) => [digits]))("%s", (digits) => {
    assert.isTrue(CardNumber.hasCheckDigit(digits))
    // Diners Club has sixteen digits where it is issued with Discover
    if (digits !== "3056930009020004") assert.strictEqual(CardNumber.endOf(digits, 0), digits.length)
  })

  it.each([
    ["79927398713", true],
    ["79927398710", false],
    ["0", true],
    ["18", true],
    ["19", false]
  ] as const)("has the check digit of ISO/IEC 7812: %s", (digits, expected) =>
    assert.strictEqual(CardNumber.hasCheckDigit(digits), expected)
  )

  it("one digit that is wrong, or two neighbours that are swapped, make it none", () => {
    fc.assert(
      fc.property(fc.constantFrom(...published), fc.nat(11), fc.integer({ min: 1, max: 9 }), (digits, at, more) => {
        const wrong = digits.slice(0, at) + ((Number(digits[at]) + more) % 10) + digits.slice(at + 1)
        assert.isFalse(CardNumber.hasCheckDigit(wrong))
      })
    )
  })

  it("in groups as they are printed, with one kind of space between them", () => {
    for (const text of ["4242 4242 4242 4242", "4242-4242-4242-4242", "3782 822463 10005", "3622 720627 1667"]) {
      assert.strictEqual(CardNumber.endOf(text, 0), text.length, text)
    }
    for (const text of ["4242 4242-4242 4242", "4242  4242 4242 4242", "42 42 42 42 42 42 42 42"]) {
      assert.strictEqual(CardNumber.endOf(text, 0), 0, text)
    }
  })

  it("is none within a longer number, a word, a decimal or an id", () => {
    for (const text of ["42424242424242420", "4242424242424242a", "4242424242424242.5", "4242424242424242_1"]) {
      assert.strictEqual(CardNumber.endOf(text, 0), 0, text)
    }
    assert.strictEqual(CardNumber.endOf("x4242424242424242", 1), 0)
    assert.strictEqual(CardNumber.endOf("0.4242424242424242", 2), 0)
    assert.strictEqual(CardNumber.endOf("4242424242424242.", 0), 16)
  })
})
