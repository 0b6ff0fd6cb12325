import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as SensitiveKeys from "../../src/model/SensitiveKeys.ts"

describe("a key is sensitive", () => {
  for (const key of [
    "password",
    "API-Key",
    "api_key",
    "apiKey",
    "X-Api-Key",
    "access_token",
    "Authorization",
    "set-cookie",
    "sig"
  ]) {
    it(`when it is ${key}`, () => assert.isTrue(SensitiveKeys.isSensitive(key)))
  }
  for (const key of ["author", "tokens_used", "page", "session_count", "signal", "keyboard"]) {
    it(`not when it is ${key}`, () => assert.isFalse(SensitiveKeys.isSensitive(key)))
  }
})

describe("text loses its secrets and keeps its sense", () => {
  for (const [text, expected] of [
    ["card declined", "card declined"],
    ["postgres://app:hunter2@db:5432/orders is down", "postgres://REDACTED@db:5432/orders is down"],
    ["Authorization: Bearer abc.def-ghi", "Authorization: REDACTED REDACTED"],
    [`{"password":"hunter2","user":"ada"}`, `{"password":"REDACTED","user":"ada"}`],
    ["GET /x?token=abc&page=2 failed", "GET /x?token=REDACTED&page=2 failed"],
    ["retry=3 size=10", "retry=3 size=10"]
  ] as const) {
    it(text, () => {
      assert.notInclude(SensitiveKeys.redactText(text), "hunter2")
      assert.notInclude(SensitiveKeys.redactText(text), "abc")
      if (!expected.startsWith("Authorization")) assert.strictEqual(SensitiveKeys.redactText(text), expected)
    })
  }

  it("is cut where it is long", () => {
    assert.strictEqual(SensitiveKeys.redactText("x".repeat(1000), 10), `${"x".repeat(10)}…`)
  })

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (text) => {
        SensitiveKeys.redactText(text)
      })
    )
  })
})

describe("a URL", () => {
  it("loses user, password and fragment, and the values of sensitive keys", () => {
    assert.strictEqual(
      SensitiveKeys.redactUrl(
        new URL("https://ada:hunter2@api.example.com/v1?page=2&api_key=abc&X-Amz-Signature=def#frag")
      ),
      "https://REDACTED:REDACTED@api.example.com/v1?page=2&api_key=REDACTED&X-Amz-Signature=REDACTED"
    )
  })
  it("keeps a query that is not even encoded right", () => {
    assert.strictEqual(SensitiveKeys.redactQuery("a=%zz&password=%zz&b"), "a=%zz&password=REDACTED&b")
  })
})
