import { assert, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as OtlpAnswer from "../../src/export/OtlpAnswer.ts"
import * as RetryAfter from "../../src/export/RetryAfter.ts"

const now = Date.parse("2026-01-01T00:00:00Z")

it.each([
  ["7", 7000],
  [" 1 ", 1000],
  ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
  ["Wed, 31 Dec 2025 00:00:30 GMT", undefined],
  ["0", undefined],
  ["-5", undefined],
  ["soon", undefined],
  ["", undefined],
  [undefined, undefined]
])("Retry-After: %s is %s ms", (text, millis) => {
  assert.strictEqual(RetryAfter.fromHeader(text, now), millis)
})

it("RetryInfo is read out of the details of a gRPC status, padded or not", () => {
  // Status { code: 8, message: "m", details: [Any { RetryInfo { retry_delay: 2.5 s } }] }
  const any = Buffer.concat([
    Buffer.from([0x0a, 40]),
    Buffer.from("type.googleapis.com/google.rpc.RetryInfo"),
    Buffer.from([0x12, 10, 0x0a, 8, 0x08, 2, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01])
  ])
  const status = Buffer.concat([Buffer.from([0x08, 8, 0x12, 1, 0x6d, 0x1a, any.length]), any])
  const base64 = status.toString("base64")
  assert.strictEqual(RetryAfter.fromStatusDetails(base64), 2500)
  assert.strictEqual(RetryAfter.fromStatusDetails(base64.replaceAll("=", "")), 2500)
  assert.isUndefined(RetryAfter.fromStatusDetails(Buffer.from([0x08, 8]).toString("base64")))
  assert.isUndefined(RetryAfter.fromStatusDetails(undefined))
})

it("no answer is too strange to be read", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (bytes, text) => {
      RetryAfter.fromStatusDetails(Buffer.from(bytes).toString("base64"))
      RetryAfter.fromHeader(text, now)
      for (const type of ["application/x-protobuf", "application/json", "text/plain", "text/html", ""]) {
        OtlpAnswer.messageOf(type, bytes)
        OtlpAnswer.fromBody(type, bytes)
        OtlpAnswer.fromBody(type, Buffer.from(text))
        OtlpAnswer.messageOf(type, Buffer.from(text))
      }
    })
  )
})
