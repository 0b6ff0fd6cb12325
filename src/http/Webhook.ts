/**
 * Webhooks: what comes in, is checked and kept, and is played again.
 *
 * The payload is never read here; its size is recorded when you know it.
 *
 * ```ts
 * const onWebhook = Effect.fnUntraced(function*(event: WebhookEvent) {
 *   yield* checkSignature(event).pipe(Webhook.validate("wh_1", { authType: "hmac" }))
 *   yield* save(event).pipe(Webhook.store("wh_1", { eventId: event.id }))
 * }, Webhook.receive("wh_1", (event) => ({ eventId: event.id })))
 * ```
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as spanCombinator from "../internal/spanCombinator.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanNames from "../model/SpanNames.ts"

export interface ReceiveOptions {
  readonly eventId?: string
  /** How the sender proves who it is: `hmac`, `bearer`, `none`. Never the proof itself. */
  readonly authType?: string
  readonly payloadSizeBytes?: number
}

export interface ValidateOptions {
  readonly authType?: string
}

/** Which event it is about. */
export interface EventOptions {
  readonly eventId?: string
}

const ofWebhook = (webhookId: string, rest: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
  [AttributeKeys.component]: "webhook",
  [AttributeKeys.webhookId]: webhookId,
  ...rest
})

/** Handles one incoming webhook; the first argument is its id. Sits under the span of the HTTP server. */
export const receive: spanCombinator.SpanCombinator<ReceiveOptions> = spanCombinator.make<ReceiveOptions>({
  describe: (webhookId, options) => ({
    name: SpanNames.webhookReceive,
    attributes: ofWebhook(webhookId, {
      [AttributeKeys.eventId]: options?.eventId,
      [AttributeKeys.authType]: options?.authType,
      [AttributeKeys.payloadSizeBytes]: options?.payloadSizeBytes
    })
  })
})

/**
 * Checks that a webhook is what it says.
 *
 * `validation_passed` is false when the check fails or succeeds with `false`, and true otherwise. A check that says
 * `false` did its work and is no error; one that fails is. An interrupted check says nothing.
 */
export const validate: spanCombinator.SpanCombinator<ValidateOptions> = spanCombinator.make<ValidateOptions>({
  describe: (webhookId, options) => ({
    name: SpanNames.webhookValidate,
    attributes: ofWebhook(webhookId, { [AttributeKeys.authType]: options?.authType })
  }),
  inside: (self) =>
    Effect.onExit(self, (exit) =>
      Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
        ? Effect.void
        : Effect.annotateCurrentSpan(AttributeKeys.validationPassed, Exit.isSuccess(exit) && exit.value !== false)
    )
})

const ofEvent = (name: string): spanCombinator.SpanCombinator<EventOptions> =>
  spanCombinator.make<EventOptions>({
    describe: (webhookId, options) => ({
      name,
      attributes: ofWebhook(webhookId, { [AttributeKeys.eventId]: options?.eventId })
    })
  })

/** Keeps an event, so that it can be played again. */
export const store: spanCombinator.SpanCombinator<EventOptions> = ofEvent(SpanNames.webhookStore)

/** Plays one kept event again. */
export const replay: spanCombinator.SpanCombinator<EventOptions> = ofEvent(SpanNames.webhookReplay)

export { replayBatch } from "./ReplayBatch.ts"
export type { ReplayBatchCombinator, ReplayBatchOptions, ReplayCounts, ReplayOutcome } from "./ReplayBatch.ts"
