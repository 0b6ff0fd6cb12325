import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Traced, TracedClient, TracedMessage, TracedServer, Tracing, Webhook } from "@gorax/tracing"
import { FakeCollector, SpanTree, TracingTest } from "@gorax/tracing/testing"
import { Effect, Layer } from "effect"
import { FetchHttpClient, HttpClient, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import * as AttributeCatalogue from "../../src/model/AttributeCatalogue.ts"
import * as AttributeKeys from "../../src/model/AttributeKeys.ts"
import * as SpanCatalogue from "../../src/model/SpanCatalogue.ts"
import * as SpanNames from "../../src/model/SpanNames.ts"

const described = Object.assign({}, ...Object.values(AttributeCatalogue)) as Readonly<
  Record<string, AttributeCatalogue.AttributeEntry>
>

const typeOf = (value: unknown): AttributeCatalogue.AttributeEntry["type"] =>
  Array.isArray(value) ? "list of text" : typeof value === "string" ? "text" : (typeof value as "number" | "boolean")

describe("docs/spans.md, through the catalogues it is written from,", () => {
  it("describes every span name, and no other", () => {
    assert.sameMembers(Object.keys(SpanCatalogue.spans), Object.values(SpanNames))
  })

  it("describes every attribute key, and no other (src/model/AttributeCatalogue.ts)", () => {
    const keys: ReadonlyArray<string> = Object.values(AttributeKeys)
    const missing = keys.filter((key) => !Object.hasOwn(described, key))
    const strange = Object.keys(described).filter((key) => !keys.includes(key))
    assert.deepStrictEqual({ missing, strange }, { missing: [], strange: [] })
  })

  it("has the platform's keys in one section each", () => {
    const keys = Object.values(AttributeCatalogue).flatMap((section) => Object.keys(section))
    assert.lengthOf(new Set(keys), keys.length)
  })

  it.effect("tells the kind and the attributes of every span that the platform opens", () =>
    Effect.gen(function* () {
      const sent: Array<Readonly<Record<string, string>>> = []
      const declined = Effect.fail("declined" as const)
      const message = { messageId: "m-1", system: "kafka" }
      yield* Effect.gen(function* () {
        yield* Effect.void.pipe(
          Traced.workflow("notify", { tenantId: "acme", executionId: "exec-2" }),
          Traced.subWorkflow("notify")
        )
        yield* Effect.succeed("output").pipe(Traced.step("charge", { type: "http", measureOutput: true }))
        yield* Effect.forEach(
          ["tea"],
          Traced.iteration("line", () => Effect.void)
        )
        yield* Effect.all(Traced.branches({ stock: Effect.void }))
        yield* declined.pipe(Traced.attempt("charge", { maxRetries: 1 }), Effect.retry({ times: 1 }), Effect.ignore)
        yield* Effect.void.pipe(Traced.credentials("crm", { count: 2 }))
        yield* Effect.void.pipe(Traced.script("greet"))
        yield* Effect.void.pipe(Traced.httpAction("call"))
        yield* Effect.void.pipe(Traced.transformAction("map"))
        yield* TracedMessage.publish("orders", (headers) => Effect.sync(() => sent.push(headers)), message)
        yield* Effect.void.pipe(TracedMessage.process("orders", { headers: sent[0]!, attempts: 1, ...message }))
        yield* Effect.void.pipe(TracedMessage.processBatch("orders", { messages: sent, system: "kafka" }))
        yield* Effect.void.pipe(Webhook.receive("wh", { eventId: "e", authType: "hmac", payloadSizeBytes: 3 }))
        yield* Effect.void.pipe(Webhook.validate("wh", { authType: "hmac" }))
        yield* Effect.void.pipe(Webhook.store("wh", { eventId: "e" }))
        yield* Effect.void.pipe(Webhook.replay("wh", { eventId: "e" }))
        yield* Effect.succeed({ successCount: 1, failureCount: 0 }).pipe(Webhook.replayBatch("wh", { batchSize: 1 }))
      }).pipe(Traced.workflow("order", { tenantId: "acme", executionId: "exec-1", trigger: "api", version: "2" }))

      const spans = yield* TracingTest.spans
      for (const [name, { attributes, kind }] of Object.entries(SpanCatalogue.spans)) {
        const those = spans.filter((span) => span.name === name)
        const keys = new Set(those.flatMap((span) => [...span.attributes.keys()]))
        for (const key of [...SpanCatalogue.inherited, ...SpanCatalogue.endings]) keys.delete(key)
        assert.sameMembers([...keys], [...attributes], name)
        for (const span of those) {
          assert.strictEqual(span.kind, kind, name)
          for (const [key, value] of span.attributes) assert.strictEqual(typeOf(value), described[key]?.type, key)
        }
      }
      const inherited = yield* SpanTree.find("workflow.step.execute")
      assert.includeMembers([...inherited.attributes.keys()], [...SpanCatalogue.inherited])
      assert.deepStrictEqual(
        spans.filter(({ name }) => !Object.hasOwn(SpanCatalogue.spans, name)),
        []
      )
    }).pipe(Effect.provide(TracingTest.layer))
  )

  it.live("tells the attributes of HTTP spans", () =>
    Effect.gen(function* () {
      const collector = yield* FakeCollector.FakeCollector
      const server = HttpRouter.serve(HttpRouter.add("GET", "/orders/:id", HttpServerResponse.text("shipped"))).pipe(
        Layer.provide(TracedServer.layer),
        Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }))
      )
      const client = TracedClient.layer.pipe(Layer.provide(FetchHttpClient.layer))
      yield* Effect.gen(function* () {
        const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
        yield* (yield* HttpClient.HttpClient)
          .get(`${url}/orders/1?page=2`)
          .pipe(TracedClient.withTemplate("/orders/{id}"))
      }).pipe(Effect.provide([server, client]), Effect.provide(Tracing.layer({ endpoint: collector.url })))
      const spans = yield* collector.spans
      assert.sameMembers(
        spans.map(({ kind }) => kind),
        ["client", "server"]
      )
      for (const { attributes } of spans) {
        assert.isAbove(attributes.size, 6)
        for (const [key, value] of attributes) {
          assert.strictEqual(typeOf(value), AttributeCatalogue.http[key]?.type, key)
        }
      }
    }).pipe(Effect.provide(FakeCollector.layer))
  )
})
