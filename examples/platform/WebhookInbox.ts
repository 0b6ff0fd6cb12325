/**
 * What the outside may call: webhooks, each with a tenant, the workflow it starts, and a secret that senders sign with.
 */
import { Webhook } from "@gorax/tracing"
import { Config, Context, Effect, Layer, Redacted, Schema } from "effect"
import type { PersistenceError } from "effect/persistence/Persistence"
import { createHmac, timingSafeEqual } from "node:crypto"
import type { Job } from "./Execution.ts"
import * as Storage from "./Storage.ts"

export class UnknownWebhook extends Schema.TaggedError<UnknownWebhook>()("UnknownWebhook", {
  message: Schema.String
}) {}

export class InvalidSignature extends Schema.TaggedError<InvalidSignature>()("InvalidSignature", {
  message: Schema.String
}) {}

export const WebhookEvent = Schema.Struct({
  eventId: Schema.String,
  webhookId: Schema.String,
  body: Schema.String
})
export type WebhookEvent = typeof WebhookEvent.Type

/** What a sender puts into the `x-gorax-signature` header. */
export const sign = (secret: Redacted.Redacted, body: string): string =>
  `sha256=${createHmac("sha256", Redacted.value(secret)).update(body).digest("hex")}`

const checkSignature = (secret: Redacted.Redacted, body: string, signature: string) =>
  Effect.suspend(() => {
    const expected = Buffer.from(sign(secret, body))
    const given = Buffer.from(signature)
    return expected.length === given.length && timingSafeEqual(expected, given)
      ? Effect.void
      : Effect.fail(new InvalidSignature({ message: "x-gorax-signature is not the HMAC of the body" }))
  })

const decodeBody = Schema.decodeEffect(Schema.fromJsonString(Schema.Json))

type Failure = UnknownWebhook | InvalidSignature | PersistenceError | Schema.SchemaError

export class WebhookInbox extends Context.Service<
  WebhookInbox,
  {
    /** Checks and keeps an event; comes to the job that it asks for. */
    readonly accept: (event: WebhookEvent, signature: string) => Effect.Effect<Job, Failure>
  }
>()("gorax/platform/WebhookInbox") {
  static readonly layer = Layer.effect(
    WebhookInbox,
    Effect.gen(function* () {
      const secret = yield* Config.Redacted("WEBHOOK_SECRET")
      const events = yield* Storage.table("gorax_webhook_events", WebhookEvent)
      const webhooks = new Map([["customer-signup", { tenantId: "acme", workflowId: "onboard-customer", secret }]])
      return {
        accept: Effect.fnUntraced(function* (event, signature) {
          const { body, eventId, webhookId } = event
          const webhook = webhooks.get(webhookId)
          if (webhook === undefined) {
            return yield* new UnknownWebhook({ message: `there is no webhook ${webhookId}` })
          }
          const { tenantId, workflowId, secret } = webhook
          yield* checkSignature(secret, body, signature).pipe(Webhook.validate(webhookId, { authType: "hmac" }))
          yield* events.set(eventId, event).pipe(Webhook.store(webhookId, { eventId }))
          return { tenantId, executionId: eventId, trigger: "webhook", workflowId, input: yield* decodeBody(body) }
        })
      }
    })
  )
}
