/**
 * A program that says its secrets wherever it can, with what `TracingLive` is told by the environment.
 */
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import {
  Baggage,
  Carrier,
  Redaction,
  Traced,
  TracedClient,
  TracedMessage,
  TracedServer,
  TracingHealth,
  TracingLive
} from "@gorax/tracing"
import { Console, Context, Effect, Layer, Logger, Tracer } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import * as Planted from "./Planted.ts"

/** Log lines that lose their secrets, too. */
const Logs = Logger.layer([
  Logger.make(({ fiber, message }) => {
    const { text } = fiber.getRef(Redaction.CurrentRedaction)
    console.log(text(Array.isArray(message) ? message.join(" ") : String(message)))
  })
])

const Server = HttpRouter.serve(
  HttpRouter.add("GET", "/*", HttpServerResponse.text("ok", { headers: { "x-answer": "fine" } })),
  { disableLogger: true, disableListenLog: true }
).pipe(Layer.provide(TracedServer.layer), Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0 })))
const Client = TracedClient.layer.pipe(Layer.provide(FetchHttpClient.layer))

/** A trace state may hold no comma and no second equals sign; whatever needs one is told by the name of its member. */
const stateOf = (form: string): string =>
  /[=,]|[^\x20-\x7e]/.test(form) ? `token=${form.replace(/[=,]|[^\x20-\x7e]/g, ".").slice(0, 200)}.` : `vendor=${form}`

/** One secret in every place. */
const leak = (form: string, index: number) =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const base = yield* HttpServer.addressFormattedWith(Effect.succeed)
    const encoded = encodeURIComponent(form)
    const urls = [
      `${base}/orders?q=${encoded}&token=${encoded}&page=2#${encoded}`,
      `${base}/reset-password/${encoded}`,
      `${base}/a;jsessionid=${encoded}`,
      `${base.replace("//", `//ada:${encoded}@`)}/userinfo`
    ]
    yield* Effect.forEach(urls, (url) =>
      client
        .execute(
          HttpClientRequest.get(url).pipe(
            HttpClientRequest.setHeaders({ "x-note": encoded, authorization: encoded, cookie: `sid=${encoded}` })
          )
        )
        .pipe(Effect.ignore)
    )
    yield* Traced.event(`said ${form}`, { form, nested: { list: [form] }, [`key of ${form}`]: true })
    yield* Traced.annotate({ form, list: ["a", form], object: { deep: { form } }, map: new Map([[form, form]]) })
    yield* Effect.log(`told ${form}`)
    yield* Effect.void.pipe(Traced.span(`named ${form}`))
    yield* Effect.fail(new Error(`failed: ${form}`, { cause: new Error(form) })).pipe(
      Traced.step("fails"),
      Effect.ignore
    )
    yield* Effect.die(form).pipe(Traced.step("dies"), Effect.sandbox, Effect.ignore)
    yield* Effect.void.pipe(
      Effect.withSpan("linked", {
        links: [
          {
            span: Tracer.externalSpan({
              traceId: "c".repeat(32),
              spanId: "d".repeat(16),
              annotations: Context.empty()
            }),
            attributes: { form }
          }
        ]
      })
    )
    yield* Effect.void.pipe(
      Traced.step("continued"),
      Carrier.continueFrom({ traceparent: `00-${"e".repeat(32)}-${"f".repeat(16)}-01`, tracestate: stateOf(form) })
    )
    yield* Effect.void.pipe(Traced.step("under baggage"), Baggage.set("tier", form))
    // What leaves by header is searched like all else
    yield* TracedMessage.publish("orders", (headers) => Console.log(JSON.stringify(headers))).pipe(
      Baggage.set("tier", form)
    )
  }).pipe(Traced.workflow("leaks", { tenantId: "acme", executionId: `exec-${index}` }))

const program = Effect.gen(function* () {
  yield* Effect.forEach(Planted.forms, leak, { discard: true })
  yield* TracingHealth.flush
  yield* Effect.flatMap(TracingHealth.snapshot, (health) => Console.log(JSON.stringify(health)))
}).pipe(Effect.provide([Server, Client]))

NodeRuntime.runMain(program.pipe(Effect.provide(TracingLive), Effect.provide(Logs)))
