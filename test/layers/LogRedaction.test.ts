import { assert, describe, it } from "@effect/vitest"
import type { LogRecord } from "@gorax/tracing"
import * as Redacting from "../../src/layers/Redacting.ts"
import * as Redaction from "../../src/pipeline/Redaction.ts"

const record = (parts: Partial<LogRecord>): LogRecord => ({
  time: 1n,
  severityNumber: 9,
  severityText: "INFO",
  body: "",
  attributes: {},
  droppedAttributes: 0,
  ...parts
})

const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.${"s".repeat(43)}`

describe("a log record on its way out", () => {
  const clean = Redacting.records(Redaction.defaults)

  it("holds no secret, in its line, its attributes or a body that is a list", () => {
    const told = clean(
      record({
        body: `token ${jwt} was refused`,
        attributes: { password: "hunter2", note: jwt, tenant_id: "acme", attempts: 3, all: ["a", jwt] }
      })
    )
    const listed = clean(record({ body: ["fine", jwt] }))
    assert.notInclude(JSON.stringify([told?.body, told?.attributes, listed?.body]), "eyJ")
    assert.notInclude(JSON.stringify(told?.attributes), "hunter2")
    assert.deepInclude(told?.attributes, { tenant_id: "acme", attempts: 3 })
    assert.match(String(told?.body), /^token .+ was refused$/)
  })

  it("is masked after a filter of the user's, which may leave it out", () => {
    const filter = Redacting.records(Redaction.defaults, (given) =>
      given.body === "out" ? undefined : { ...given, body: `${String(given.body)} ${jwt}` }
    )
    assert.isUndefined(filter(record({ body: "out" })))
    assert.notInclude(String(filter(record({ body: "in" }))?.body), "eyJ")
  })
})
