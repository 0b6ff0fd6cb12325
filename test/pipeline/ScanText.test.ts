import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { KeyEndings } from "../../src/model/KeyEndings.ts"
import * as SensitiveKeys from "../../src/model/SensitiveKeys.ts"
import { type Finding, ScanText } from "../../src/pipeline/ScanText.ts"
import * as Secrets from "./secrets.ts"

const scan = new ScanText({
  isSensitive: SensitiveKeys.isSensitive,
  endings: new KeyEndings(SensitiveKeys.list),
  emails: false,
  phones: false
})
const personal = new ScanText({
  isSensitive: SensitiveKeys.isSensitive,
  endings: new KeyEndings(SensitiveKeys.list),
  emails: true,
  phones: true
})

const drawn = (text: string, found: ReadonlyArray<Finding>): string => {
  let out = ""
  let at = 0
  for (const { end, rule, start } of found) {
    out += `${text.slice(at, start)}[${rule}]`
    at = end
  }
  return out + text.slice(at)
}
const shown = (text: string): string => drawn(text, scan.find(text))

const { jwt } = Secrets.bySight
const base64 = (text: string): string => Buffer.from(text).toString("base64")

describe("what looks like a secret is found in the midst of a text", () => {
  it.each(Object.entries(Secrets.bySight))("%s", (rule, secret) => {
    assert.strictEqual(shown(`before ${secret} after`), `before [${rule}] after`)
    assert.strictEqual(shown(`https://x.example/a?b=${secret}`), `https://x.example/a?b=[${rule}]`)
    assert.strictEqual(shown(secret), `[${rule}]`)
    assert.strictEqual(shown(JSON.stringify({ note: secret.replaceAll("\n", " ") })), `{"note":"[${rule}]"}`)
  })

  it.each([
    ["Bearer bXktdG9rZW4tMQ==", "Bearer [auth]"],
    ["bearer abc.def-ghi failed", "bearer [auth] failed"],
    ["with Basic dXNlcjpwYXNz.", "with Basic [auth]."],
    ["https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXX", "https://hooks.slack.com/[slack]"],
    ["4242-4242-4242-4242, 4242424242424242", "[card], [card]"],
    ["amex 3782 822463 10005", "amex [card]"],
    [Secrets.bySight["aws"]!.replace("AKIA", "ASIA"), "[aws]"],
    ["a.eyJub3Q", "a.eyJub3Q"],
    [`keyJson-${jwt}`, "keyJson-[jwt]"],
    [`---${Secrets.bySight["pem"]!}`, "---[pem]"],
    [Secrets.bySight["pem"]!.repeat(2), "[pem][pem]"]
  ])("%s", (text, expected) => assert.strictEqual(shown(text), expected))

  it.each([
    ["mail ada.b+c@example.co.uk now", "mail [email] now"],
    ["call +49 (170) 123-4567.", "call [phone]."],
    ["user@host", "user@host"],
    ["1+1 is 2, a +5 bonus", "1+1 is 2, a +5 bonus"]
  ])("people, where that is asked for: %s", (text, expected) => {
    assert.strictEqual(drawn(text, personal.find(text)), expected)
    assert.strictEqual(shown(text), text)
  })
})

describe("what stands under the name of a secret is found, however it is written", () => {
  it.each([
    ["password=hunter2", "password=[key]"],
    ["pwd: hunter2, user: ada", "pwd: [key], user: ada"],
    ["password=hun,ter2;x&user=ada", "password=[key]&user=ada"],
    ["db.password = 'hunter 2' ok", "db.password = '[key]' ok"],
    ['{"password":"hun \\"ter\\" 2","user":"ada"}', '{"password":"[key]","user":"ada"}'],
    [`{"a":${JSON.stringify('{"apiKey":"hunter2","b":1}')}}`, '{"a":"{\\"apiKey\\":\\"[key]\\",\\"b\\":1}"}'],
    ['{"token":12345,"ok":true}', '{"token":[key],"ok":true}'],
    ['{"token":null,"secret":false,"cookie":""}', '{"token":null,"secret":false,"cookie":""}'],
    ['{"credentials":{"u":"a}","p":"b"},"z":1}', '{"credentials":[key],"z":1}'],
    ["{ password => \"hunter2\", user => 'ada' }", "{ password => \"[key]\", user => 'ada' }"],
    ["Authorization: AWS4-HMAC-SHA256 Credential=x/y, Signature=abc\nHost: a", "Authorization: [key]\nHost: a"],
    ["Set-Cookie: sid=hunter2; Path=/; HttpOnly\nVia: x", "Set-Cookie: [key]\nVia: x"],
    ["psql --password hunter2 --host db", "psql --password [key] --host db"],
    ["<wsse:Password>hunter2</wsse:Password>", "<wsse:Password>[key]</wsse:Password>"],
    ["postgres://ada:hunter2@db/orders", "postgres://[url]@db/orders"],
    ["amqp://ada:hun/ter@2@mq:5672/%2F", "amqp://[url]@mq:5672/%2F"],
    ["https://x.example/cb#access_token=hunter2&state=1", "https://x.example/cb#access_token=[key]&state=1"],
    ["https://x.example/reset-password/3f2a9c7b1d4e5f60a1b2", "https://x.example/reset-password/[url]"],
    ["card[token]=hunter2&card[last4]=4242", "card[token]=[key]&card[last4]=4242"],
    ["password2=hunter2", "password2=[key]"],
    ["MyError(secret=hunter2)", "MyError(secret=[key])"],
    ["secret:/hunter2", "secret:[key]"]
  ])("%s", (text, expected) => assert.strictEqual(shown(text), expected))

  it("what is masked already is left alone", () => {
    for (const text of [
      "token=REDACTED&a=1",
      "https://REDACTED:REDACTED@x.example/?sig=REDACTED",
      '{"password":"REDACTED:jwt~9f86d081884c7d65"}'
    ]) {
      assert.strictEqual(shown(text), text)
    }
    assert.strictEqual(shown("token=REDACTEDhunter2"), "token=[key]")
  })
})

describe("what is encoded is found as well", () => {
  it.each([
    ["pass%77ord=hunter2", "pass%77ord=[key]"],
    ["next=%2Fcb%3Ftoken%3Dhunter2&page=2", "next=[key]&page=2"],
    ["next=%252Fcb%253Ftoken%253Dhunter2", "next=[key]"],
    [`q=${encodeURIComponent('{"password":"hunter2"}')}`, "q=[key]"],
    ["Bearer%20abc123def456", "[auth]"],
    [base64('{"password":"hunter2"}'), "[key]"],
    [base64(base64('{"password":"hunter2"}')), "[key]"],
    [`/cb/${base64("token=hunter2abc")}/x`, "/cb/[key]/x"],
    [`{"body":"${base64(`see ${jwt}`)}"}`, '{"body":"[jwt]"}'],
    [encodeURIComponent(base64('{"password":"hunter2"}')), "[key]%3D%3D"],
    ['{"\\u0070assword":"hunter2"}', "[key]"],
    ["\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44\uff1dhunter2", "[key]"],
    ["pass\u200bword=hunter2", "[key]"]
  ])("%s", (text, expected) => assert.strictEqual(shown(text), expected))
})

describe("what is no secret stays", () => {
  it.each(Secrets.benign.map((text) => [text]))("%s", (text) => assert.strictEqual(shown(text), text))
  it.each(Secrets.benignKeys.map((key) => [key]))("the key %s", (key) => assert.isFalse(SensitiveKeys.isSensitive(key)))
})

describe("the scanner", () => {
  const anything = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc
      .array(fc.constantFrom(..."=:/@%&?;,\"'\\ \n-_+<>{}[]eyJAKIghp_tokenBearer01234567".split("")), {
        maxLength: 300
      })
      .map((all) => all.join("")),
    fc
      .array(
        fc.constantFrom(
          "token=",
          "://",
          "eyJ",
          "Bearer ",
          "%74",
          "\\u0074",
          '"secret":"',
          "4242",
          "-----BEGIN ",
          "ghp_",
          "REDACTED"
        ),
        { maxLength: 60 }
      )
      .map((all) => all.join(""))
  )

  it("never throws, and answers stretches in order that do not overlap", () => {
    fc.assert(
      fc.property(anything, (text) => {
        let last = 0
        for (const { end, start } of personal.find(text)) {
          assert.isTrue(last <= start && start < end && end <= text.length, `${last} ${start} ${end}`)
          last = end
        }
      }),
      { numRuns: 3000 }
    )
  })

  it("takes no text for quiet in which a walk would find something", () => {
    fc.assert(
      fc.property(anything, (text) => {
        // A percent sign has all of it walked over
        const walked = personal.find(`%41\n${text}`).filter(({ end }) => end > 4)
        assert.strictEqual(personal.find(text).length > 0, walked.length > 0)
      }),
      { numRuns: 5000 }
    )
  })

  it("finds nothing more in what it has masked once", () => {
    const once = (text: string): string => shown(text).replace(/\[(\w+)\]/g, "REDACTED")
    fc.assert(
      fc.property(fc.constantFrom(...Secrets.all), fc.string({ maxLength: 30 }), ([, secret], other) => {
        const masked = once(`${other} ${secret} ${other}`)
        assert.strictEqual(once(masked), masked)
      })
    )
  })

  it("finds a secret whatever stands beside it", () => {
    const beside = fc
      .array(fc.constantFrom(..." ,;:\"'()[]{}<>|=&?#\n"), { minLength: 1, maxLength: 10 })
      .map((all) => all.join(""))
    fc.assert(
      fc.property(beside, fc.constantFrom(...Object.values(Secrets.bySight)), beside, (before, secret, after) => {
        assert.notInclude(shown(`x${before}${secret}${after}x`), secret)
      }),
      { numRuns: 1000 }
    )
  })

  it("finds what stands under a secret's name, whatever it is, in JSON, in URLs and in both", () => {
    const key = fc.constantFrom("password", "apiKey", "x-api-key", "STRIPE_SECRET", "db.password", "csrfToken")
    const value = fc.string({ unit: "grapheme", minLength: 4, maxLength: 40 }).map((text) => `s3cret${text}s3cret`)
    fc.assert(
      fc.property(key, value, fc.nat(2), (key, value, depth) => {
        let json = JSON.stringify({ a: 1, [key]: value, z: 2 })
        for (let at = 0; at < depth; at++) json = JSON.stringify({ body: json, z: 2 })
        assert.notInclude(shown(json), "s3cret")
        assert.include(shown(json), '"z')
        const url = new URL("https://x.example/a")
        url.searchParams.set(key, value)
        url.searchParams.set("inner", json)
        assert.notInclude(decodeURIComponent(shown(url.href).replaceAll("+", " ")), "s3cret")
      }),
      { numRuns: 1000 }
    )
  })
})
