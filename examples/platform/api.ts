/**
 * The API: takes requests, answers at once, and leaves the work to the workers.
 */
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Traced, TracedServer, TracingLive, Webhook } from "@gorax/tracing"
import { Config, Effect, Layer, Schedule, Schema } from "effect"
import { uuidV7Unsafe } from "effect/crypto/SecureRandom"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import { Executions, isFinished } from "./Execution.ts"
import * as Operations from "./Operations.ts"
import * as Storage from "./Storage.ts"
import { Submission } from "./Submission.ts"
import { WebhookInbox } from "./WebhookInbox.ts"

const PathId = HttpRouter.schemaPathParams(Schema.Struct({ id: Schema.String }))

const problem =
  (status: number) =>
  ({ message }: { readonly message: string }) =>
    HttpServerResponse.json({ error: message }, { status })

const Execute = Effect.gen(function* () {
  const { submit } = yield* Submission
  return HttpRouter.route(
    "POST",
    "/api/v1/workflows/:id/execute",
    Effect.gen(function* () {
      const { id: workflowId } = yield* PathId
      const { headers } = yield* HttpServerRequest.HttpServerRequest
      const tenantId = headers["x-tenant-id"] ?? "acme"
      // Said before anything else happens, so that it is known when it is decided whether this trace is recorded
      yield* Traced.annotate({ tenant_id: tenantId })
      const input = yield* HttpServerRequest.schemaBodyJson(Schema.Json)
      const execution = yield* submit({
        tenantId,
        executionId: uuidV7Unsafe(),
        trigger: "api",
        workflowId,
        input
      })
      return yield* HttpServerResponse.json(execution, { status: 202 })
    }).pipe(Effect.catchTags({ UnknownWorkflow: problem(404), SchemaError: problem(400) }))
  )
})

const Receive = Effect.gen(function* () {
  const { submit } = yield* Submission
  const { accept } = yield* WebhookInbox
  return HttpRouter.route(
    "POST",
    "/api/v1/webhooks/:id",
    Effect.gen(function* () {
      const { id: webhookId } = yield* PathId
      const { headers, text } = yield* HttpServerRequest.HttpServerRequest
      const body = yield* text
      const eventId = headers["x-event-id"] ?? uuidV7Unsafe()
      const execution = yield* accept({ eventId, webhookId, body }, headers["x-gorax-signature"] ?? "").pipe(
        Effect.flatMap(submit),
        Webhook.receive(webhookId, { eventId, authType: "hmac", payloadSizeBytes: Buffer.byteLength(body) })
      )
      return yield* HttpServerResponse.json(execution, { status: 202 })
    }).pipe(
      Effect.catchTags({
        InvalidSignature: problem(401),
        UnknownWebhook: problem(404),
        UnknownWorkflow: problem(404),
        SchemaError: problem(400)
      })
    )
  )
})

/** In seconds: how long to wait for an execution that is not finished yet. */
const Wait = Schema.Struct({
  wait: Schema.optionalKey(Schema.FiniteFromString.check(Schema.isBetween({ minimum: 0, maximum: 60 })))
})

const Look = Effect.gen(function* () {
  const executions = yield* Executions
  return HttpRouter.route(
    "GET",
    "/api/v1/executions/:id",
    Effect.gen(function* () {
      const { id } = yield* PathId
      const { wait = 0 } = yield* HttpServerRequest.schemaSearchParams(Wait)
      yield* executions.get(id).pipe(
        Effect.repeat({
          until: (execution) => execution === undefined || isFinished(execution),
          schedule: Schedule.spaced("50 millis").pipe(Schedule.upTo({ duration: `${wait} seconds` }))
        })
      )
      const found = yield* executions.get(id)
      return found === undefined
        ? yield* problem(404)({ message: `there is no execution ${id}` })
        : yield* HttpServerResponse.json(found)
    }).pipe(Effect.catchTags({ SchemaError: problem(400) }))
  )
})

const Routes = HttpRouter.addAll(Effect.all([Execute, Receive, Look]))

const Api = HttpRouter.serve(Layer.merge(Routes, Operations.routes), { disableLogger: true }).pipe(
  Layer.provide(TracedServer.layer),
  Layer.provide(
    NodeHttpServer.layerConfig(createServer, {
      host: Config.succeed("127.0.0.1"),
      port: Config.Int("PORT").pipe(Config.withDefault(3000))
    })
  ),
  Layer.provide([Submission.layer, WebhookInbox.layer]),
  Layer.provide(Executions.layer),
  Layer.provide(Storage.layer)
)

NodeRuntime.runMain(Layer.launch(Api).pipe(Effect.provide(TracingLive)))
