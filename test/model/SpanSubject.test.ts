import { assert, describe, it } from "@effect/vitest"
import { subjectOf } from "../../src/model/SpanSubject.ts"
import * as spans from "../export/spans.ts"

const span = (name: string, attributes: Record<string, unknown>, kind: "internal" | "client" | "server" = "internal") =>
  spans.make({ name, attributes, kind })

describe("SpanSubject", () => {
  it.each([
    ["workflow.step.execute", { node_id: "charge-card", workflow_id: "fulfil-order" }, "charge-card"],
    ["workflow.execute", { workflow_id: "fulfil-order" }, "fulfil-order"],
    ["workflow.retry.attempt", { node_id: "charge-card", "retry.attempt": 2 }, "charge-card #2"],
    ["workflow.credential.inject", { "credential.count": 1 }, "1 credential"],
    ["queue.publish", { "queue.name": "orders" }, "orders"],
    ["my own", { "queue.name": "orders", workflow_id: "fulfil-order" }, "orders"],
    ["my own", { workflow_id: "fulfil-order" }, ""],
    ["workflow.step.execute", { node_id: "" }, ""]
  ])("%s with %j is about %j", (name, attributes, subject) => {
    assert.strictEqual(subjectOf(span(name, attributes)), subject)
  })

  it("requests are told by where they go and how they were answered, without the query", () => {
    const attributes = {
      "http.request.method": "POST",
      "url.full": "http://payments:4100/charges?key=secret",
      "http.response.status_code": 402
    }
    assert.strictEqual(subjectOf(span("POST /charges", attributes, "client")), "payments:4100/charges → 402")
    assert.strictEqual(subjectOf(span("POST /charges", attributes, "server")), "→ 402")
  })

  it("what the parent says already is not said again", () => {
    const step = span("workflow.step.execute", { node_id: "charge-card" })
    const attempt = { node_id: "charge-card", "retry.attempt": 2 }
    assert.strictEqual(subjectOf(span("workflow.retry.attempt", attempt), step), "#2")
    assert.strictEqual(subjectOf(span("my own", { node_id: "charge-card" }), step), "")
    assert.strictEqual(subjectOf(span("my own", { node_id: "ship-line" }), step), "ship-line")
  })
})
