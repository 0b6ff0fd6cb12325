import { assert, describe, it } from "@effect/vitest"
import { Redaction, type SpanData } from "@gorax/tracing"
import { Redacted } from "effect"
import * as fc from "fast-check"
import * as SpanBooks from "../../src/model/SpanBooks.ts"
import * as SpanContext from "../../src/model/SpanContext.ts"
import * as LinearPattern from "../../src/pipeline/LinearPattern.ts"
import * as arbitrary from "../export/OtlpEncoder.arbitrary.ts"
import * as Spans from "../export/spans.ts"
import * as Secrets from "./secrets.ts"

const github = Secrets.bySight["github"]!
const jwt = Secrets.bySight["jwt"]!

const event = (name: string, attributes: Record<string, any>) => ({ name, time: 1n, attributes, droppedAttributes: 0 })

const linked = (traceState: string) =>
  SpanContext.toExternalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1, traceState })

/** All that a span says, as one text. */
const said = (span: SpanData): string =>
  JSON.stringify([
    span.name,
    [...span.attributes],
    span.events.map(({ attributes, name }) => [name, attributes]),
    span.links.map(({ attributes, span }) => [SpanContext.fromSpan(span).traceState, attributes]),
    span.statusMessage,
    span.traceState,
    span.resource.attributes
  ])

/** Says a secret in each place that a span has. */
const leaky = (secret: string): SpanData =>
  Spans.make({
    name: `charge ${secret}`,
    attributes: {
      note: secret,
      list: ["a", secret],
      nested: JSON.stringify({ body: JSON.stringify({ deep: secret }) }),
      [`for ${secret}`]: 1,
      "db.password": "hunter2",
      apiKey: ["hunter2"],
      pin: 7
    },
    events: [
      event(`said ${secret}`, { "exception.message": secret, "exception.stacktrace": `Error: ${secret}\n    at x` })
    ],
    links: [{ span: linked(`v=${jwt}`), attributes: { note: secret } }],
    statusCode: "error",
    statusMessage: `failed with ${secret}`,
    traceState: `vendor=${github}`,
    resource: { attributes: { "service.name": "test", "process.command_args": ["--token", secret] } }
  })

const masked = (options: Parameters<typeof Redaction.make>[0], attributes: Record<string, any>) =>
  Object.fromEntries(Redaction.make(options).span(Spans.make({ attributes })).attributes)

describe("a span", () => {
  it("that holds no secret goes on as the object it was", () => {
    const redaction = Redaction.make()
    const span = Spans.make({
      attributes: { tenant_id: "acme", "order.total": 4990, ok: true, list: ["a", "b"], at: 1_764_039_600_000 },
      events: [event("step.started", { attempt: 1 })]
    })
    for (let again = 0; again < 3; again++) assert.strictEqual(redaction.span(span), span)
    for (const text of Secrets.benign) {
      const benign = Spans.make({ name: text, attributes: { text }, statusMessage: text })
      assert.strictEqual(redaction.span(benign), benign, text)
    }
  })

  it.each(Secrets.all)("loses it wherever it stands: %s", (_rule, secret) => {
    const redaction = Redaction.make()
    const span = leaky(secret.replaceAll("\n", " "))
    const shown = said(redaction.span(span))
    for (const part of ["hunter2", "anary", "4111", jwt, github]) assert.notInclude(shown, part)
    assert.include(shown, "REDACTED")
    // Once more changes nothing
    assert.strictEqual(said(redaction.span(redaction.span(span))), shown)
  })

  it("keeps its ids, times and all that is no secret, and the span of the program stays as it was", () => {
    const redaction = Redaction.make()
    const span = leaky(jwt)
    const before = said(span)
    const shown = redaction.span(span)
    assert.strictEqual(said(span), before)
    for (const key of [
      "traceId",
      "spanId",
      "parentSpanId",
      "kind",
      "startTime",
      "endTime",
      "scope",
      "traceFlags"
    ] as const) {
      assert.deepStrictEqual(shown[key], span[key])
    }
    assert.strictEqual(shown.name, "charge REDACTED:jwt")
    assert.strictEqual(shown.attributes.get("db.password"), "REDACTED")
    assert.deepStrictEqual(shown.attributes.get("apiKey"), ["REDACTED"])
    assert.strictEqual(shown.attributes.get("pin"), 7)
  })

  it("shares its resource with its neighbours when that is masked, so that a request says it once", () => {
    const redaction = Redaction.make()
    const resource = { attributes: { "db.password": "hunter2" } }
    const [one, two] = [Spans.make({ resource }), Spans.make({ resource })].map(redaction.span)
    assert.strictEqual(one!.resource, two!.resource)
    assert.deepStrictEqual(one!.resource.attributes, { "db.password": "REDACTED" })
  })

  it("whatever it holds, is never held up, and says nothing that its masks do not say", () => {
    const redaction = Redaction.make({ personal: ["email", "phone"] })
    fc.assert(
      fc.property(arbitrary.batch(1, 3), (spans) => {
        for (const span of spans) {
          const shown = redaction.span(span)
          assert.strictEqual(shown.attributes.size <= span.attributes.size, true)
          assert.strictEqual(shown.spanId, span.spanId)
        }
      })
    )
  })

  it("numbers that are cards are masked, and no others", () => {
    assert.deepStrictEqual(masked({}, { a: 4_111_111_111_111_111, b: 4_111_111_111_111_112, c: 1_764_039_600_000 }), {
      a: "REDACTED:card",
      b: 4_111_111_111_111_112,
      c: 1_764_039_600_000
    })
  })
})

describe("the settings", () => {
  it("further keys, whatever their case and separators, in attributes and inside texts", () => {
    const options = { keys: ["patient_name", "iban"] }
    assert.deepStrictEqual(
      masked(options, { patientName: "Ada", "PATIENT-NAME": "Ada", note: "iban=DE00 ok", other: "x" }),
      {
        patientName: "REDACTED",
        "PATIENT-NAME": "REDACTED",
        note: "iban=REDACTED ok",
        other: "x"
      }
    )
  })

  it("keys that pass although they are called like a secret, but no secret that stands there", () => {
    const options = { allow: ["session.id", "token.*"] }
    assert.deepStrictEqual(masked(options, { "session.id": "s-1", "token.kind.token": "bearer", session: "s-1" }), {
      "session.id": "s-1",
      "token.kind.token": "bearer",
      session: "REDACTED"
    })
    assert.deepStrictEqual(masked(options, { "session.id": jwt }), { "session.id": "REDACTED:jwt" })
  })

  it("strict: nothing passes unless it is named", () => {
    const span = Spans.make({
      name: "charge",
      attributes: { tenant_id: "acme", "order.id": "A-1", amount: 7, ok: true },
      events: [event("noted", { "exception.type": "Declined", "exception.message": "no" })],
      statusMessage: "no"
    })
    const own = Redaction.make({ mode: "strict" }).span(span)
    assert.deepStrictEqual(Object.fromEntries(own.attributes), {
      tenant_id: "acme",
      "order.id": "REDACTED:unlisted",
      amount: "REDACTED:unlisted",
      ok: "REDACTED:unlisted"
    })
    assert.strictEqual(own.name, "charge")
    assert.strictEqual(own.statusMessage, "REDACTED:unlisted")
    assert.deepStrictEqual(own.events[0]?.attributes, {
      "exception.type": "Declined",
      "exception.message": "REDACTED:unlisted"
    })
    const named = Redaction.make({ mode: "strict", allow: ["order.*", "status.message"] }).span(span)
    assert.strictEqual(named.attributes.get("order.id"), "A-1")
    assert.strictEqual(named.attributes.get("tenant_id"), "REDACTED:unlisted")
    assert.strictEqual(named.name, "REDACTED:unlisted")
    assert.strictEqual(named.statusMessage, "no")
  })

  it("people, where that is asked for", () => {
    const text = "ada@example.com, +49 170 1234567"
    assert.deepStrictEqual(masked({}, { text }), { text })
    assert.deepStrictEqual(masked({ personal: ["email"] }, { text }), { text: "REDACTED:email, +49 170 1234567" })
    assert.deepStrictEqual(masked({ personal: ["phone"] }, { text }), { text: "ada@example.com, REDACTED:phone" })
  })

  it("patterns of one's own, and of too many matches the rest of the text", () => {
    const patterns = [LinearPattern.make("employee", "EMP-\\d{6}")]
    assert.deepStrictEqual(masked({ patterns }, { note: "by EMP-004711, not EMP-1" }), {
      note: "by REDACTED:employee, not EMP-1"
    })
    const many = "EMP-004711 ".repeat(2000)
    const [found] = Object.values(masked({ patterns }, { many }))
    assert.notInclude(String(found), "004711")
  })

  it("a key by which equal secrets are seen to be equal, and nothing else", () => {
    const hashKey = Redacted.make(new Uint8Array(32).fill(7))
    const {
      a = "",
      b = "",
      c = "",
      d = ""
    } = masked({ hashKey }, { a: `x ${jwt}`, b: jwt, c: `${jwt}x`, d: "token=hunter2" }) as Record<string, string>
    assert.match(b, /^REDACTED:jwt~[0-9a-f]{16}$/)
    assert.strictEqual(a, `x ${b}`)
    assert.notStrictEqual(b, c)
    assert.match(d, /^token=REDACTED~[0-9a-f]{16}$/)
    const other = masked({ hashKey: Redacted.make(new Uint8Array(32).fill(8)) }, { b: jwt }) as Record<string, string>
    assert.notStrictEqual(other["b"], b)
    // What is masked already is not masked again
    assert.deepStrictEqual(masked({ hashKey }, { b, d }), { b, d })
  })
})

describe("when it fails", () => {
  const books = () => SpanBooks.make()

  it("a rule that throws masks the whole text, and is counted", () => {
    const counted = books()
    const rules = [
      {
        name: "broken",
        masks: () => {
          throw new Error("oops")
        }
      }
    ]
    const shown = Redaction.make({ rules, books: counted }).span(
      Spans.make({ name: "n", attributes: { note: "canary", count: 1 } })
    )
    assert.deepStrictEqual(Object.fromEntries(shown.attributes), { "REDACTED:failed": 1 })
    assert.strictEqual(shown.name, "REDACTED:failed")
    assert.isAbove(counted.masked.get("failed")!, 1)
  })

  it("a rule of one's own sees every text, and masks what it will", () => {
    const seen: Array<string> = []
    const rules = [
      {
        name: "tenant",
        masks: (text: string, key: string) => {
          seen.push(key)
          return key === "customer" && text !== "public"
        }
      }
    ]
    const redaction = Redaction.make({ rules })
    assert.deepStrictEqual(masked({ rules }, { customer: "Ada", other: "Ada" }), {
      customer: "REDACTED:tenant",
      other: "Ada"
    })
    assert.include(seen, "span.name")
    // Not remembered: it may answer otherwise the next time
    const before = seen.length
    const span = Spans.make({ attributes: { other: "Ada" } })
    assert.strictEqual(redaction.span(span), span)
    assert.strictEqual(redaction.span(span), span)
    assert.isAtLeast(seen.length - before, 6)
  })

  it("a rule is asked as it is, and bears a name that fits into a mark", () => {
    const rule = {
      name: "My rule!",
      word: "Ada",
      masks(text: string) {
        return text === this.word
      }
    }
    assert.deepStrictEqual(masked({ rules: [rule] }, { a: "Ada", b: "Bob" }), { a: "REDACTED:rule", b: "Bob" })
  })

  it("a span that cannot be read tells when it was and where in its trace, and no more", () => {
    const counted = books()
    const span = Spans.make({ name: "canary", statusMessage: "canary" })
    const hostile = {
      ...span,
      get attributes(): never {
        throw new Error("canary")
      }
    }
    const shown = Redaction.make({ books: counted }).span(hostile)
    assert.notInclude(said(shown), "canary")
    assert.strictEqual(shown.name, "REDACTED:failed")
    assert.strictEqual(shown.spanId, span.spanId)
    assert.strictEqual(shown.startTime, span.startTime)
    assert.strictEqual(counted.masked.get("failed"), 1)
  })
})

describe("what was masked", () => {
  it("is counted by rule", () => {
    const books = SpanBooks.make()
    const redaction = Redaction.make({ books })
    redaction.span(Spans.make({ attributes: { password: "hunter2", note: `${jwt} ${jwt} token=x` } }))
    redaction.text(`see ${github}`)
    assert.deepStrictEqual(Object.fromEntries(books.masked), { key: 2, jwt: 2, github: 1 })
  })

  it("is explained: where, and by which rule, and never what", () => {
    const explained = Redaction.explain(leaky(jwt))
    assert.notInclude(JSON.stringify(explained), jwt)
    assert.deepInclude(explained, { place: "name", rule: "jwt" })
    assert.deepInclude(explained, { place: "attributes.db.password", rule: "key" })
    assert.deepInclude(explained, { place: "events[0].exception.stacktrace", rule: "jwt" })
    assert.deepInclude(explained, { place: "links[0].tracestate", rule: "jwt" })
    assert.deepInclude(explained, { place: "status.message", rule: "jwt" })
    assert.deepInclude(explained, { place: "tracestate", rule: "github" })
    assert.deepInclude(explained, { place: "resource.process.command_args", rule: "jwt" })
    assert.deepStrictEqual(Redaction.explain(Spans.make({ attributes: { a: "b" } })), [])
  })
})

describe("baggage that is about to leave", () => {
  it("goes without the entries that hold a secret", () => {
    const redaction = Redaction.make()
    const clean = new Map([["tier", { value: "gold" }]])
    assert.strictEqual(redaction.baggage(clean), clean)
    const baggage = new Map<string, { readonly value: string; readonly metadata?: string }>([
      ...clean,
      ["token", { value: "hunter2" }],
      ["note", { value: jwt }],
      ["more", { value: "x", metadata: `p=${github}` }]
    ])
    assert.deepStrictEqual([...redaction.baggage(baggage)], [...clean])
  })
})
