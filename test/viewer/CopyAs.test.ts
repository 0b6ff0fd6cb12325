import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { SpanTree } from "../../src/testing/index.ts"
import * as CopyAs from "../../src/viewer/CopyAs.ts"
import { order, span } from "./traces.ts"

describe("copying", () => {
  it("gives a request again as curl, safe to paste whatever it holds", () => {
    const request = span({
      id: 1,
      name: "POST",
      kind: "client",
      attributes: {
        "http.request.method": "POST",
        "url.full": "https://api.example/orders?note=it's $(touch /tmp/no)",
        "http.request.header.x-note": ["a", "b'c"]
      }
    })
    const words = CopyAs.curl(request)!
    const { stdout } = spawnSync("sh", ["-c", words.replace(/^curl/, "printf '%s\\n'")], { encoding: "utf8" })
    assert.deepStrictEqual(stdout.trimEnd().split("\n"), [
      "-i",
      "-X",
      "POST",
      "-H",
      "x-note: a",
      "-H",
      "x-note: b'c",
      "https://api.example/orders?note=it's $(touch /tmp/no)"
    ])
    assert.isUndefined(CopyAs.curl(order[3]!))
  })

  it("puts the address of a server span together", () => {
    const attributes = {
      "http.request.method": "GET",
      "url.scheme": "https",
      "server.address": "api.example",
      "server.port": 8443,
      "url.path": "/orders",
      "url.query": "a=1"
    }
    assert.strictEqual(
      CopyAs.curl(span({ id: 1, name: "GET", attributes })),
      "curl -i -X 'GET' 'https://api.example:8443/orders?a=1'"
    )
  })

  it("gives a span as JSON", () => {
    const read = JSON.parse(CopyAs.json(order[9]!))
    assert.deepInclude(read, {
      name: "workflow.retry.attempt",
      duration: "103ms",
      resource: { "service.name": "worker" }
    })
    assert.deepStrictEqual(read.status, { code: "error", message: "the bank said no" })
  })

  it("gives a test that expects the tree as the test kit draws it", () => {
    const code = CopyAs.test(order, 'it is "fulfilled"')
    assert.include(code, 'it.effect("it is \\"fulfilled\\"", () =>')
    const [, drawn] = /`([^`]*)`/.exec(code)!
    assert.strictEqual(drawn, SpanTree.drawSpans(order, "node_id"))
  })
})
