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

  for (const [query, expected] of [
    ["card[token]=abc&card[last4]=4242", "card[token]=REDACTED&card[last4]=4242"],
    ["user.password=abc", "user.password=REDACTED"],
    ["newPassword=abc&new_password=abc", "newPassword=REDACTED&new_password=REDACTED"],
    ["token[]=a&token[]=b", "token[]=REDACTED&token[]=REDACTED"],
    ["pass%77ord=abc", "pass%77ord=REDACTED"],
    ["a=1;api_key=abc", "a=1;api_key=REDACTED"],
    ["token=a=b=c", "token=REDACTED"],
    ["token=abc;def&a=1", "token=REDACTED&a=1"],
    [`${"x".repeat(1000)}_token=abc`, `${"x".repeat(1000)}_token=REDACTED`],
    ["session_count=3&token_type=bearer&auth_type=hmac", "session_count=3&token_type=bearer&auth_type=hmac"],
    ["q=token&page=2", "q=token&page=2"]
  ] as const) {
    it(`masks by key in ${query}`, () => assert.strictEqual(SensitiveKeys.redactQuery(query), expected))
  }
  it("loses secrets in its path's parameters", () => {
    assert.strictEqual(SensitiveKeys.redactPath("/a;jsessionid=abc/b;v=1"), "/a;jsessionid=REDACTED/b;v=1")
    assert.strictEqual(SensitiveKeys.redactPath("/orders/1"), "/orders/1")
  })
  it("loses them inside a message too, with its fragment and whoever stands before its host", () => {
    const text = SensitiveKeys.redactText(
      "GET https://ada:p@ss/word@x.example/a?user.pass%77ord=abc#access=abc failed, see http://b.example/c;jsessionid=abc"
    )
    assert.notMatch(text, /abc|ada:p/)
    assert.include(text, "x.example/a")
    assert.include(text, "failed, see http://b.example/c")
  })
  it("never shows what stands under a secret's name, however it is written", () => {
    const secret = fc.string({ minLength: 8, maxLength: 40 }).map((text) => `s3cret${text}s3cret`)
    const key = fc.constantFrom("token", "API-Key", "card[password]", "x.secret", "X-Amz-Signature", "newPassword")
    fc.assert(
      fc.property(key, secret, fc.string({ maxLength: 20 }), (key, value, other) => {
        const url = new URL("https://x.example/a")
        url.searchParams.set(`o${other}`, other)
        url.searchParams.set(key, value)
        url.searchParams.append("page", "2")
        const shown = SensitiveKeys.redactUrl(url)
        assert.notInclude(shown, "s3cret")
        assert.include(shown, "page=2")
        assert.notInclude(SensitiveKeys.redactText(`GET ${url.href} failed`, 10_000), "s3cret")
      })
    )
  })
  it("is masked in time that grows with its length", () => {
    const long = `https://x.example/?${"a=1&;".repeat(200_000)}`
    const started = performance.now()
    SensitiveKeys.redactUrl(new URL(long))
    SensitiveKeys.redactQuery("a".repeat(1_000_000))
    SensitiveKeys.redactPath(";".repeat(1_000_000))
    SensitiveKeys.redactText("https://".repeat(100_000))
    assert.isBelow(performance.now() - started, 20_000)
  })
})
