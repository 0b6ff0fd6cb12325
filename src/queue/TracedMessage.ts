/**
 * Messages of any broker that tell whose trace they belong to.
 *
 * The context travels in the message's headers, as a map of text. Names are
 * written in lower case and read without regard to case; other headers and
 * the body are left alone.
 *
 * ```ts
 * yield* TracedMessage.publish("orders", (headers) => broker.send(body, headers), { messageId, system: "rabbitmq" })
 *
 * yield* handle(message).pipe(
 *   TracedMessage.process("orders", { headers: message.headers, messageId: message.id, attempts: message.attempts })
 * )
 * ```
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"
import * as spanCombinator from "../internal/spanCombinator.ts"
import * as AttributeKeys from "../model/AttributeKeys.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as SpanNames from "../model/SpanNames.ts"
import * as Carrier from "../propagation/Carrier.ts"

/** What every message can say about itself. */
export interface MessageOptions {
  readonly messageId?: string
  /** The broker: `kafka`, `rabbitmq`, `aws_sqs`. */
  readonly system?: string
}

export interface PublishOptions<A> extends Omit<MessageOptions, "messageId"> {
  /** The message's id, or how to read it from what the broker answers. */
  readonly messageId?: string | ((sent: A) => string | undefined)
  /** Headers of your own, which `send` is given together with the context. */
  readonly headers?: Carrier.Carrier
}

export interface ProcessOptions extends MessageOptions {
  /** The message's headers, as they arrived. */
  readonly headers: Carrier.Carrier
  /** Which delivery this is, counted from 1; `retry_count` is one less. */
  readonly attempts?: number
}

export interface ProcessBatchOptions extends Omit<MessageOptions, "messageId"> {
  /** The headers of each message, as they arrived. */
  readonly messages: ReadonlyArray<Carrier.Carrier>
}

const ofQueue = (
  queueName: string,
  operation: { readonly name: string; readonly type: string },
  { messageId, system }: MessageOptions
): Record<string, unknown> => ({
  [AttributeKeys.queueName]: queueName,
  [AttributeKeys.queueMessageId]: messageId,
  [AttributeKeys.messagingSystem]: system,
  [AttributeKeys.messagingDestinationName]: queueName,
  [AttributeKeys.messagingOperationName]: operation.name,
  [AttributeKeys.messagingOperationType]: operation.type,
  [AttributeKeys.messagingMessageId]: messageId
})

/**
 * Sends a message in a `queue.publish` span, with the headers that carry its context.
 *
 * Where tracing is off, the headers carry the context that the program itself was given, so a trace is not cut.
 */
export const publish = <A, E, R>(
  queueName: string,
  send: (headers: Record<string, string>) => Effect.Effect<A, E, R>,
  options: PublishOptions<NoInfer<A>> = {}
): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> => {
  const { headers, messageId, system } = options
  const sent = Effect.flatMap(Carrier.inject(headers), send)
  return spanCombinator.open(
    typeof messageId === "function" ? Effect.tap(sent, (answer) => annotateId(messageId(answer))) : sent,
    {
      name: SpanNames.publish,
      kind: "producer",
      attributes: ofQueue(
        queueName,
        { name: "publish", type: "send" },
        {
          ...(typeof messageId === "string" ? { messageId } : undefined),
          ...(system === undefined ? undefined : { system })
        }
      )
    }
  )
}

const annotateId = (messageId: string | undefined): Effect.Effect<void> =>
  Effect.annotateCurrentSpan({
    [AttributeKeys.queueMessageId]: messageId,
    [AttributeKeys.messagingMessageId]: messageId
  })

/**
 * Handles one message in a `queue.process_message` span, the child of the span that published it and with its
 * baggage. A message that carries no context begins a trace of its own. A redelivery is a further child.
 */
export const process: spanCombinator.SpanCombinator<ProcessOptions> = spanCombinator.make<ProcessOptions>({
  elsewhere: () => true,
  describe: (queueName, options, fiber) => {
    const { span } = received(fiber, options)
    return {
      name: SpanNames.process,
      kind: "consumer",
      ...(span === undefined ? { root: true } : { parent: SpanContext.toExternalSpan(span) }),
      attributes: {
        [AttributeKeys.component]: "queue_consumer",
        ...ofQueue(queueName, { name: "process", type: "process" }, options ?? {}),
        [AttributeKeys.retryCount]: options?.attempts === undefined ? undefined : Math.max(0, options.attempts - 1)
      }
    }
  },
  around: (self, _queueName, options) =>
    Effect.withFiber((fiber) => {
      const context = received(fiber, options)
      const handled = Carrier.surround(self, context)
      return spanCombinator.isOff(fiber) ? Carrier.continueWith(handled, context) : handled
    })
})

const received = (fiber: Fiber.Fiber<unknown, unknown>, options: ProcessOptions | undefined) =>
  Carrier.extractFor(fiber, options?.headers ?? {})

/**
 * Handles many messages at once in one `queue.process_message` span, linked to the span of each.
 *
 * A batch belongs to many traces, so it is the child of none: it stays in the trace it is handled in, and takes up
 * nobody's baggage. Messages that carry no context are counted and not linked.
 */
export const processBatch: spanCombinator.SpanCombinator<ProcessBatchOptions> =
  spanCombinator.make<ProcessBatchOptions>({
    describe: (queueName, options, fiber) => {
      const messages = options?.messages ?? []
      return {
        name: SpanNames.process,
        kind: "consumer",
        links: messages.flatMap((headers) => {
          const { span } = Carrier.extractFor(fiber, headers)
          return span === undefined ? [] : [{ span: SpanContext.toExternalSpan(span), attributes: {} }]
        }),
        attributes: {
          [AttributeKeys.component]: "queue_consumer",
          ...ofQueue(
            queueName,
            { name: "process", type: "process" },
            options?.system === undefined ? {} : { system: options.system }
          ),
          [AttributeKeys.messagingBatchMessageCount]: messages.length
        }
      }
    }
  })
