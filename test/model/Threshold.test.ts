import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Threshold from "../../src/model/Threshold.ts"

/**
 * The specification's table: 1-in-N, its share, and for three, four and five digits the threshold, the share it stands
 * for and the adjusted count.
 *
 * https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/#converting-floating-point-probability-to-threshold-value
 */
const table: ReadonlyArray<
  readonly [share: number, thresholds: string, shares: ReadonlyArray<number>, counts: ReadonlyArray<number>]
> = [
  [1, "0 0 0", [1, 1, 1], [1, 1, 1]],
  [0.5, "8 8 8", [0.5, 0.5, 0.5], [2, 2, 2]],
  [
    0.3333333333333333,
    "aab aaab aaaab",
    [0.333251953125, 0.3333282470703125, 0.33333301544189453],
    [3.0007326007326007, 3.00004577706569, 3.0000028610256777]
  ],
  [0.25, "c c c", [0.25, 0.25, 0.25], [4, 4, 4]],
  [
    0.2,
    "ccd cccd ccccd",
    [0.199951171875, 0.1999969482421875, 0.19999980926513672],
    [5.001221001221001, 5.0000762951094835, 5.0000047683761295]
  ],
  [0.125, "e e e", [0.125, 0.125, 0.125], [8, 8, 8]],
  [
    0.1,
    "e66 e666 e6666",
    [0.10009765625, 0.100006103515625, 0.10000038146972656],
    [9.990243902439024, 9.99938968568813, 9.999961853172863]
  ],
  [0.0625, "f f f", [0.0625, 0.0625, 0.0625], [16, 16, 16]],
  [
    0.01,
    "fd71 fd70a fd70a4",
    [0.0099945068359375, 0.010000228881835938, 0.009999990463256836],
    [100.05496183206107, 99.99771123402633, 100.00009536752259]
  ],
  [
    0.001,
    "ffbe7 ffbe77 ffbe76d",
    [0.001000404357910156, 0.0009999871253967285, 0.000999998301267624],
    [999.5958055290753, 1000.012874769029, 1000.0016987352618]
  ],
  [
    0.0001,
    "fff972 fff9724 fff97247",
    [0.00010001659393310547, 0.00010000169277191162, 0.00010000006295740604],
    [9998.340882002383, 9999.830725674266, 9999.99370426336]
  ],
  [
    0.00001,
    "ffff584 ffff583a ffff583a5",
    [9.998679161071777e-6, 1.00000761449337e-5, 1.0000003385357559e-5],
    [100013.21013412817, 99999.238556461, 99999.96614643588]
  ],
  [
    0.000001,
    "ffffef4 ffffef39 ffffef391",
    [9.98377799987793e-7, 1.00000761449337e-6, 9.999930625781417e-7],
    [1001624.8358208955, 999992.38556461, 1000006.9374699865]
  ]
]

const close = (actual: number, expected: number) => assert.approximately(actual / expected, 1, 1e-12)

const share = fc.oneof(
  fc.double({ min: 2 ** -56, max: 1, noNaN: true }),
  fc.integer({ min: 0, max: 56 }).map((bits) => 2 ** -bits),
  fc.double({ min: 0, max: 56, noNaN: true }).map((bits) => 2 ** -bits)
)
const digits = fc.bigInt({ min: 0n, max: 2n ** 56n - 1n }).map((value) => value.toString(16).padStart(14, "0"))

describe("the threshold of a share", () => {
  it.each(table)(
    "%d is that of the specification's table, with three, four and five digits",
    (rate, spelled, shares, counts) => {
      spelled.split(" ").forEach((threshold, index) => {
        assert.strictEqual(Threshold.fromShare(rate, index + 3), threshold)
        close(Threshold.shareOf(threshold), shares[index]!)
        close(Threshold.adjustedCountOf(threshold), counts[index]!)
      })
    }
  )

  it("has four digits beyond the leading ones, as is recommended", () => {
    assert.strictEqual(Threshold.fromShare(0.1), "e666")
    assert.strictEqual(Threshold.fromShare(0.001), "ffbe77")
  })

  it("is the specification's example for one in a hundred with five digits", () => {
    assert.strictEqual(Threshold.fromShare(0.01, 5), "fd70a4")
  })

  it("is none where none is kept, or fewer than 56 bits can tell", () => {
    for (const none of [0, -1, Number.NaN, 2 ** -57]) assert.isUndefined(Threshold.fromShare(none))
    assert.strictEqual(Threshold.fromShare(2 ** -56), "ffffffffffffff")
    assert.strictEqual(Threshold.fromShare(2), "0")
  })

  it("stands for a share within 1 in 8,192 of the one that was asked for, however small or near to all", () => {
    fc.assert(
      fc.property(share, (rate) => {
        const found = Threshold.shareOf(Threshold.fromShare(rate)!)
        // One of 2^56 is as near as it gets
        assert.isAtMost(Math.abs(found - rate), Math.max(rate / 2 ** 13, 2 ** -56))
        assert.isAtMost(Math.abs(found - rate), Math.max((1 - rate) / 2 ** 13, 2 ** -53))
      })
    )
  })

  it("is lower where more is kept", () => {
    fc.assert(
      fc.property(share, share, (one, other) => {
        const [less, more] = [one, other].toSorted((a, b) => a - b) as [number, number]
        assert.isTrue(Threshold.shareOf(Threshold.fromShare(less)!) <= Threshold.shareOf(Threshold.fromShare(more)!))
      })
    )
  })
})

describe("a threshold that travels", () => {
  it("is one to fourteen hexadecimal digits, of which zeros at the end say nothing", () => {
    assert.strictEqual(Threshold.parse("e6660000000000"), "e666")
    assert.strictEqual(Threshold.parse("E666"), "e666")
    assert.strictEqual(Threshold.parse("00000000000000"), "0")
    for (const none of [undefined, "", "g", "e666 ", "-1", "0x1", "e66600000000000"]) {
      assert.isUndefined(Threshold.parse(none), String(none))
    }
  })

  it("compares as the numbers do, without ever being one", () => {
    fc.assert(
      fc.property(
        digits,
        digits,
        fc.string({ unit: fc.constantFrom("0", "f", "a"), maxLength: 18 }),
        (threshold, randomness, before) => {
          const travels = Threshold.parse(threshold)!
          assert.strictEqual(
            Threshold.isReached(travels, before + randomness),
            BigInt(`0x${randomness}`) >= BigInt(`0x${threshold}`)
          )
        }
      )
    )
  })
})
