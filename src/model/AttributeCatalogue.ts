/**
 * What every attribute key of this package stands for: `docs/spans.md` is written from it.
 *
 * A test asks for an entry for each key, and for none beyond.
 */
import * as AttributeKeys from "./AttributeKeys.ts"

export interface AttributeEntry {
  readonly type: "text" | "number" | "boolean" | "list of text"
  /** What it stands for. Where it may be private, it says what is done about that. */
  readonly says: string
}

const text = (says: string): AttributeEntry => ({ type: "text", says })
const number = (says: string): AttributeEntry => ({ type: "number", says })
const boolean = (says: string): AttributeEntry => ({ type: "boolean", says })
const list = (says: string): AttributeEntry => ({ type: "list of text", says })

/** The keys of the platform. */
export const platform: Readonly<Record<string, AttributeEntry>> = {
  [AttributeKeys.tenantId]: text("Whose run it is. On every span and log line below `Traced.workflow`."),
  [AttributeKeys.workflowId]: text("The workflow. On every span and log line below `Traced.workflow`."),
  [AttributeKeys.executionId]: text("The run. On every span and log line below `Traced.workflow`."),
  [AttributeKeys.component]: text(
    "The part of the platform that speaks: `executor`, `queue_consumer`, `webhook`, `http_action`, `transform_action`, `script`, `credentials`."
  ),
  [AttributeKeys.workflowTrigger]: text("What set the run off: `api`, `schedule`, `webhook`."),
  [AttributeKeys.workflowVersion]: text("The version of the workflow."),
  [AttributeKeys.nodeId]: text("The step, as the workflow calls it."),
  [AttributeKeys.nodeType]: text("What kind of step it is: `http`, `transform`, `condition`."),
  [AttributeKeys.outputSizeBytes]: number("The length of the result as JSON in UTF-8; with `measureOutput` only."),
  [AttributeKeys.parentWorkflowId]: text("The workflow that started this one."),
  [AttributeKeys.childWorkflowId]: text("The workflow that is started."),
  [AttributeKeys.depth]: number("How many runs are around this one."),
  [AttributeKeys.loopIterationIndex]: number("Which pass of a loop it is, from 0."),
  [AttributeKeys.loopItemVariable]: text("What the loop calls its item; never the item."),
  [AttributeKeys.parallelBranchName]: text("What the branch is called."),
  [AttributeKeys.parallelBranchIndex]: number("Which branch it is, from 0."),
  [AttributeKeys.retryAttempt]: number("Which try it is, from 1."),
  [AttributeKeys.retryMaxRetries]: number("How often it is tried again at most; where `Traced.attempt` was told."),
  [AttributeKeys.retryWillRetry]: boolean("Whether another try follows a failed one; where `Traced.attempt` was told."),
  [AttributeKeys.credentialCount]: number("How many credentials were injected; nothing else is said of them."),
  [AttributeKeys.scriptName]: text("What the script is called; never its source."),
  [AttributeKeys.actionName]: text("What the action is called."),
  [AttributeKeys.queueName]: text("The queue."),
  [AttributeKeys.queueMessageId]: text("The message."),
  [AttributeKeys.retryCount]: number("How often the message was delivered before."),
  [AttributeKeys.webhookId]: text("The webhook."),
  [AttributeKeys.eventId]: text("The event that the webhook brought."),
  [AttributeKeys.authType]: text("How the sender proves who it is: `hmac`, `bearer`, `none`; never the proof."),
  [AttributeKeys.validationPassed]: boolean("Whether the webhook is what it says."),
  [AttributeKeys.batchSize]: number("How many events there are to play again."),
  [AttributeKeys.successCount]: number("How many of them came through."),
  [AttributeKeys.failureCount]: number("How many did not."),
  [AttributeKeys.payloadSizeBytes]: number("How large the webhook's payload is; it is not read for that.")
}

/** What a span says about how it ended. */
export const endings: Readonly<Record<string, AttributeEntry>> = {
  [AttributeKeys.errorType]: text(
    "What went wrong: the error's tag or class, or the status code of HTTP. On every span that failed."
  ),
  [AttributeKeys.interrupted]: boolean("True where the effect was interrupted, which is no error."),
  [AttributeKeys.exceptionType]: text("Of the event `exception`: as `error.type`."),
  [AttributeKeys.exceptionMessage]: text("Of the event `exception`: the message, without what looks like a secret."),
  [AttributeKeys.exceptionStacktrace]: text(
    "Of the event `exception`: the stack, without what looks like a secret; on the innermost span that saw the error."
  )
}

/** HTTP, by the stable conventions. */
export const http: Readonly<Record<string, AttributeEntry>> = {
  [AttributeKeys.httpRequestMethod]: text("The method; `_OTHER` for one that nobody knows."),
  [AttributeKeys.httpRequestMethodOriginal]: text("A method that nobody knows, up to 32 characters of it."),
  [AttributeKeys.httpRequestResendCount]: number("How often this request was sent before."),
  [AttributeKeys.httpRequestBodySize]: number("Bytes of the request's body; with `TRACING_HTTP_BODY_SIZES` only."),
  [AttributeKeys.httpResponseBodySize]: number("Bytes of the response's body; with `TRACING_HTTP_BODY_SIZES` only."),
  [AttributeKeys.httpRequestHeader]: list(
    "One header of the request, its name behind the dot; those of `TRACING_HTTP_REQUEST_HEADERS` only, secrets masked."
  ),
  [AttributeKeys.httpResponseHeader]: list(
    "One header of the response; those of `TRACING_HTTP_RESPONSE_HEADERS` only, secrets masked."
  ),
  [AttributeKeys.httpRoute]: text("The route that answered, by which the span is named: `/orders/:id`."),
  [AttributeKeys.httpResponseStatusCode]: number("The status of the response."),
  [AttributeKeys.networkPeerAddress]: text("Who is at the other end of the connection."),
  [AttributeKeys.networkPeerPort]: number("The port there."),
  [AttributeKeys.networkProtocolVersion]: text("The version of HTTP: `1.1`, `2`."),
  [AttributeKeys.urlFull]: text("Client: the URL without user, password and fragment, secret parameters masked."),
  [AttributeKeys.urlPath]: text("Server: the path, secret parameters masked."),
  [AttributeKeys.urlQuery]: text("Server: the query, secret parameters masked."),
  [AttributeKeys.urlScheme]: text("Server: `http` or `https`, as the client sees it where the proxy is trusted."),
  [AttributeKeys.urlTemplate]: text("Client: the template of the path, where `TracedClient.withTemplate` names it."),
  [AttributeKeys.serverAddress]: text("The host that was asked for."),
  [AttributeKeys.serverPort]: number("Its port."),
  [AttributeKeys.clientAddress]: text("Server: who asks, as a trusted proxy says, else the peer."),
  [AttributeKeys.userAgentOriginal]: text("Server: the `user-agent` header."),
  [AttributeKeys.oldHttpMethod]: text("As `http.request.method`; profile `gorax` only."),
  [AttributeKeys.oldHttpTarget]: text("As `url.path` with `url.query`; profile `gorax` only."),
  [AttributeKeys.oldHttpStatusCode]: number("As `http.response.status_code`; profile `gorax` only."),
  [AttributeKeys.oldHttpUserAgent]: text("As `user_agent.original`; profile `gorax` only.")
}

/** Messages, by the development conventions of 1.45. */
export const messaging: Readonly<Record<string, AttributeEntry>> = {
  [AttributeKeys.messagingSystem]: text("What holds the messages: `kafka`, `postgresql`, `effect_persisted_queue`."),
  [AttributeKeys.messagingDestinationName]: text("As `queue.name`."),
  [AttributeKeys.messagingOperationName]: text("`publish` or `process`."),
  [AttributeKeys.messagingOperationType]: text("`send` or `process`."),
  [AttributeKeys.messagingMessageId]: text("As `queue.message_id`."),
  [AttributeKeys.messagingBatchMessageCount]: number("How many messages are handled at once.")
}

/** What tracing itself says of a span. */
export const tracing: Readonly<Record<string, AttributeEntry>> = {
  [AttributeKeys.samplingReason]: text("The rule of sampling that chose the trace; on the span with which it began."),
  [AttributeKeys.keptBecause]: text("Why a span was kept that sampling had left out: `failure`, `slow`."),
  [AttributeKeys.keptWithout]: number(
    "How many spans of a kept trace are missing, as they were too many for one trace."
  )
}

/** What log lines say of the span they were written in; no span has these. */
export const logs: Readonly<Record<string, AttributeEntry>> = {
  [AttributeKeys.logTraceId]: text("The trace that the line was written in."),
  [AttributeKeys.logSpanId]: text("The span that the line was written in."),
  [AttributeKeys.logTraceFlags]: text("The flags of its context, as two hexadecimal digits: `01` is sampled."),
  [AttributeKeys.fiberId]: number("The fiber that wrote it."),
  [AttributeKeys.logSpanPrefix]: number("Milliseconds since one of Effect's log spans began.")
}

/** What a process says of itself, on its resource. */
export const resource: Readonly<Record<string, AttributeEntry>> = {
  [AttributeKeys.serviceName]: text("`TRACING_SERVICE_NAME`."),
  [AttributeKeys.serviceVersion]: text("`TRACING_SERVICE_VERSION`.")
}
