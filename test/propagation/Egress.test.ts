import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Egress from "../../src/propagation/Egress.ts"

describe("by default the context stays in one's own network", () => {
  for (const host of [
    "localhost:3000",
    "127.0.0.1",
    "127.9.9.9:80",
    "[::1]:8080",
    "[::]:8080",
    "0.0.0.0:8080",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "payments",
    "payments:8080",
    "db.internal",
    "printer.local",
    "api.prod.svc",
    "[fd00::1]",
    "[::ffff:10.0.0.1]"
  ]) {
    it(`hands it to ${host}`, () => assert.isTrue(Egress.isOwnNetwork(new URL(`http://${host}/`))))
  }
  for (const host of [
    "example.com",
    "api.stripe.com",
    "8.8.8.8",
    "172.32.0.1",
    "127.0.0.1.example.com",
    "internal.example.com",
    "localhost.example.com",
    "[2001:db8::1]",
    "notinternal.dev",
    "user:localhost@example.com",
    "11.0.0.1"
  ]) {
    it(`keeps it from ${host}`, () => assert.isFalse(Egress.isOwnNetwork(new URL(`https://${host}/`))))
  }
})

describe("a list", () => {
  const allowed = Egress.hosts(["api.example.com", "*.partner.example", "https://exact.example:8443"])
  for (const [url, expected] of [
    ["https://api.example.com/x", true],
    ["http://API.example.com:81/", true],
    ["https://eu.api.example.com/", false],
    ["https://a.partner.example/", true],
    ["https://partner.example/", false],
    ["https://evilpartner.example/", false],
    ["https://exact.example:8443/", true],
    ["https://exact.example/", false],
    ["http://exact.example:8443/", false],
    ["http://localhost/", false]
  ] as const) {
    it(`${expected ? "hands it to" : "keeps it from"} ${url}`, () =>
      assert.strictEqual(allowed(new URL(url)), expected))
  }
  it("of one star is everybody", () => assert.isTrue(Egress.hosts(["*"])(new URL("https://example.com"))))
})

describe("whatever the URL", () => {
  const url = fc.oneof(
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.ipV4Extended().map((address) => `http://${address}/`),
    fc.ipV6().map((address) => `http://[${address}]/`)
  )
  const byName = Egress.hosts(["https://api.example.com", "*.trusted.example"])

  it("an answer comes, and it is no to all that is not named", () => {
    fc.assert(
      fc.property(url, (text) => {
        if (!URL.canParse(text)) return
        Egress.isOwnNetwork(new URL(text))
        assert.isFalse(byName(new URL(text)))
      })
    )
  })

  it("it is about the host alone: path, query, fragment and user change nothing", () => {
    fc.assert(
      fc.property(fc.domain(), fc.webPath(), fc.webQueryParameters(), (host, path, query) => {
        const plain = new URL(`https://${host}/`)
        const dressed = new URL(`https://api.example.com:x@${host}${path || "/"}?${query}#api.example.com`)
        assert.strictEqual(Egress.isOwnNetwork(dressed), Egress.isOwnNetwork(plain))
        assert.strictEqual(byName(dressed), byName(plain))
      })
    )
  })
})
