import { assert, describe, it } from "@effect/vitest"
import { Redaction } from "@gorax/tracing"
import { Redacted, Schema } from "effect"
import { Headers } from "effect/http"
import * as Attributes from "../../src/model/Attributes.ts"
import * as Failure from "../../src/model/Failure.ts"

const pin = Schema.String.check(Schema.isMinLength(2)).annotate({ sensitive: true })

class Card extends Schema.Class<Card>("Card")({ brand: Schema.String, pin }) {}

class Order extends Schema.Class<Order>("Order")({
  id: Schema.String,
  note: Schema.optionalKey(Schema.String.annotate({ sensitive: true })),
  code: Schema.String.annotateKey({ sensitive: true }),
  card: Card,
  lines: Schema.Array(Schema.Struct({ sku: Schema.String, price: Schema.Int.annotate({ sensitive: true }) })),
  payment: Schema.Union([Schema.Struct({ _tag: Schema.tag("iban"), value: pin }), Schema.String])
}) {}

const order = new Order({
  id: "A-1",
  note: "canary",
  code: "canary",
  card: new Card({ brand: "visa", pin: "canary" }),
  lines: [{ sku: "tea", price: 4711 }],
  payment: { _tag: "iban", value: "canary" }
})

describe("what a schema calls sensitive", () => {
  it("is masked wherever an instance of its class becomes an attribute", () => {
    const shown =
      '{"id":"A-1","note":"REDACTED","code":"REDACTED","card":{"brand":"visa","pin":"REDACTED"},' +
      '"lines":[{"sku":"tea","price":"REDACTED"}],"payment":{"_tag":"iban","value":"REDACTED"}}'
    assert.strictEqual(Attributes.fromUnknown(order), shown)
    assert.strictEqual(Attributes.fromUnknown({ order }), `{"order":${shown}}`)
    assert.strictEqual(Attributes.fromUnknown(new Map([["a", order.card]])), '{"a":{"brand":"visa","pin":"REDACTED"}}')
  })

  it("is masked in a plain record by its schema", () => {
    const Signup = Schema.Struct({ name: Schema.String, secrets: Schema.Record(Schema.String, pin) })
    assert.deepStrictEqual(Redaction.hide(Signup)({ name: "Ada", secrets: { a: "canary", b: "canary" } }), {
      name: "Ada",
      secrets: { a: "REDACTED", b: "REDACTED" }
    })
    assert.strictEqual(Redaction.hide(pin)("canary"), "REDACTED")
    assert.strictEqual(Redaction.hide(Schema.String)("tea"), "tea")
  })

  it("is masked as deep as anybody looks, in a schema that contains itself", () => {
    interface Node {
      readonly pin: string
      readonly next?: Node
    }
    const Node: Schema.Codec<Node> = Schema.Struct({
      pin,
      next: Schema.optionalKey(Schema.suspend((): Schema.Codec<Node> => Node))
    })
    let node: Node = { pin: "canary" }
    for (let depth = 0; depth < 20; depth++) node = { pin: "canary", next: node }
    const shown = JSON.stringify(Redaction.hide(Node)(node))
    assert.notInclude(shown, "canary")
    assert.include(shown, '{"pin":"REDACTED","next":{"pin":"REDACTED"')
  })

  it("is masked in an error's message, and in the stack that repeats it", () => {
    class Declined extends Schema.TaggedError<Declined>()("Declined", {
      message: Schema.String.annotate({ sensitive: true })
    }) {}
    const failure = Failure.fromUnknown(new Declined({ message: "canary" }))
    assert.strictEqual(failure.type, "Declined")
    assert.strictEqual(failure.message, "REDACTED")
    assert.notInclude(failure.stack ?? "", "canary")
    assert.match(failure.stack ?? "", /^ {4}at /)
    assert.notInclude(String(Attributes.fromUnknown(new Declined({ message: "canary" }))), "canary")
  })
})

describe("what Effect redacts", () => {
  it("is masked: `Redacted`, and whatever says that it is to be redacted", () => {
    assert.strictEqual(Attributes.fromUnknown({ key: Redacted.make("canary") }), '{"key":"REDACTED"}')
    assert.strictEqual(Attributes.fromUnknown(Headers.fromInput({ authorization: "canary" })), "REDACTED")
  })
})
