import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as SpoolRecord from "../../src/pipeline/SpoolRecord.ts"

const salt = 0x5eed

const fileOf = (payloads: ReadonlyArray<Uint8Array>, first = 0): Buffer =>
  Buffer.concat(
    payloads.map((payload, at) => {
      const record = Buffer.alloc(SpoolRecord.overhead + payload.length)
      assert.strictEqual(SpoolRecord.write(record, first + at, payload, salt), record.length)
      return record
    })
  )

const textsOf = ({ records }: SpoolRecord.Scanned) =>
  records.map(({ index, payload }) => [index, payload.toString("latin1")])

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  // What looks like the beginning of a record
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.concat([Buffer.from("GSR1"), bytes]))
)
const payloads = fc.array(payload, { minLength: 1, maxLength: 8 })

const expected = (written: ReadonlyArray<Uint8Array>) =>
  written.map((bytes, index) => [index, Buffer.from(bytes).toString("latin1")])

describe("SpoolRecord", () => {
  it("what is written is read, in order", () => {
    fc.assert(
      fc.property(payloads, (written) => {
        const scanned = SpoolRecord.scan(fileOf(written), salt)
        assert.deepStrictEqual(textsOf(scanned), expected(written))
        assert.deepInclude(scanned, { damaged: 0, next: written.length })
      })
    )
  })

  it("a file that was cut off anywhere gives every record before, and counts the torn one", () => {
    fc.assert(
      fc.property(payloads, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (written, where) => {
        const file = fileOf(written)
        const cut = Math.floor(where * file.length)
        let whole = 0
        while (fileOf(written.slice(0, whole + 1)).length <= cut) whole++
        const scanned = SpoolRecord.scan(file.subarray(0, cut), salt)
        assert.deepStrictEqual(textsOf(scanned), expected(written).slice(0, whole))
        assert.strictEqual(scanned.damaged, fileOf(written.slice(0, whole)).length === cut ? 0 : 1)
      })
    )
  })

  it("a bit that flipped anywhere costs its record and no other, alters none, and is counted", () => {
    fc.assert(
      fc.property(payloads, fc.nat(), fc.integer({ min: 0, max: 7 }), (written, at, bit) => {
        const file = fileOf(written)
        const where = at % file.length
        let hit = 0
        while (fileOf(written.slice(0, hit + 1)).length <= where) hit++
        file[where]! ^= 1 << bit
        const scanned = SpoolRecord.scan(file, salt)
        assert.deepStrictEqual(
          textsOf(scanned),
          expected(written).filter((_, index) => index !== hit)
        )
        assert.strictEqual(scanned.damaged, 1)
      })
    )
  })

  it("any bytes at all are read without an error, and give no record that was not written with this salt", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), payloads, (noise, written) => {
        const file = Buffer.concat([noise, fileOf(written)])
        assert.deepStrictEqual(SpoolRecord.scan(file, salt + 1).records, [])
        assert.deepStrictEqual(textsOf(SpoolRecord.scan(file, salt)), expected(written))
      })
    )
  })

  it("a record inside of a span's text does not come to life when the record around it is damaged", () => {
    const inner = Buffer.alloc(SpoolRecord.overhead + 4)
    SpoolRecord.write(inner, 7, Buffer.from("evil"), 0)
    const file = fileOf([inner, Buffer.from("next")])
    file[5]! ^= 1
    assert.deepStrictEqual(textsOf(SpoolRecord.scan(file, salt)), [[1, "next"]])
  })

  it("much that looks like records and is none takes no time to speak of", () => {
    const fake = Buffer.alloc(16)
    fake.write("GSR1")
    fake.writeUInt32LE(1_000_000, 8)
    const file = Buffer.concat([...Array.from({ length: 500_000 }, () => fake), fileOf([Buffer.from("late")])])
    const started = performance.now()
    assert.strictEqual(SpoolRecord.scan(file, salt).damaged, 1)
    assert.isBelow(performance.now() - started, 20_000)
  })
})
