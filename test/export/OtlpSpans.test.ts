import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as fc from "fast-check"
import * as OtlpEncoder from "../../src/export/OtlpEncoder.ts"
import type { EncodedSpans } from "../../src/model/EncodedSpans.ts"
import type { SpanData } from "../../src/model/SpanData.ts"
import * as OtlpBody from "../../src/receiver/OtlpBody.ts"
import * as arbitrary from "./OtlpEncoder.arbitrary.ts"
import * as spans from "./spans.ts"

const idsIn = (encoded: EncodedSpans): ReadonlyArray<string> =>
  Result.getOrThrow(OtlpBody.decode(encoded.toBody(), "protobuf")).spans.map(({ spanId, traceId }) => traceId + spanId)

const idsOf = (batch: ReadonlyArray<SpanData>): ReadonlyArray<string> =>
  batch.map(({ spanId, traceId }) => (traceId + spanId).toLowerCase())

describe("OtlpSpans", () => {
  it("encoded in parts and joined, spans say byte for byte what they say at once", () => {
    fc.assert(
      fc.property(arbitrary.batch(1, 12), fc.nat(12), (batch, cut) => {
        const parts = [batch.slice(0, cut), batch.slice(cut)].map(OtlpEncoder.encodeSpans)
        const joined = parts[0]!.concat(parts[1]!)
        assert.strictEqual(joined.length, batch.length)
        assert.deepStrictEqual(Buffer.from(joined.toBody()), Buffer.from(OtlpEncoder.encode(batch)))
      })
    )
  })

  it("cut anywhere, each span is in one of the parts, and says there what it said in the whole", () => {
    fc.assert(
      fc.property(arbitrary.batch(1, 12), fc.nat(13), (batch, cut) => {
        const whole = OtlpEncoder.encodeSpans(batch)
        const [before, after] = [whole.slice(0, cut), whole.slice(cut)]
        assert.strictEqual(before.length + after.length, whole.length)
        assert.sameMembers([...idsIn(before), ...idsIn(after)], [...idsIn(whole)])
        assert.sameMembers(
          [...whole.traceIds()],
          batch.map(({ traceId }) => traceId.toLowerCase())
        )
        assert.deepStrictEqual(Buffer.from(before.concat(after).toBody()), Buffer.from(whole.toBody()))
      })
    )
  })

  it("counts what cannot be read as the last of its spans", () => {
    const batch = [spans.make({ traceId: "none" }), spans.make({ name: "a" }), spans.make({ name: "b" })]
    const encoded = OtlpEncoder.encodeSpans(batch)
    assert.deepInclude({ length: encoded.length, unreadable: encoded.unreadable }, { length: 3, unreadable: 1 })
    assert.deepStrictEqual(idsIn(encoded), idsOf(batch.slice(1)))
    assert.deepStrictEqual(
      [encoded.slice(0, 2), encoded.slice(2)].map(({ length, unreadable }) => [length, unreadable]),
      [
        [2, 0],
        [1, 1]
      ]
    )
  })
})
