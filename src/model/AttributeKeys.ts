/**
 * Every attribute key that this package writes, spelled once.
 *
 * The platform's own keys are kept exactly as its users know them. HTTP and
 * messaging keys follow the OpenTelemetry semantic conventions 1.45.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/
 */

// The platform
export const tenantId = "tenant_id"
export const workflowId = "workflow_id"
export const executionId = "execution_id"
export const component = "component"
export const workflowTrigger = "workflow.trigger"
export const workflowVersion = "workflow.version"
export const nodeId = "node_id"
export const nodeType = "node_type"
export const outputSizeBytes = "output_size_bytes"
export const parentWorkflowId = "parent_workflow_id"
export const childWorkflowId = "child_workflow_id"
export const depth = "depth"
export const loopIterationIndex = "loop.iteration.index"
export const loopItemVariable = "loop.item_variable"
export const parallelBranchName = "parallel.branch.name"
export const parallelBranchIndex = "parallel.branch.index"
export const retryAttempt = "retry.attempt"
export const retryMaxRetries = "retry.max_retries"
export const retryWillRetry = "retry.will_retry"
export const credentialCount = "credential.count"
export const scriptName = "script.name"
export const actionName = "action.name"
export const queueName = "queue.name"
export const queueMessageId = "queue.message_id"
export const retryCount = "retry_count"
export const webhookId = "webhook_id"
export const eventId = "event_id"
export const authType = "auth_type"
export const validationPassed = "validation_passed"
export const batchSize = "batch_size"
export const successCount = "success_count"
export const failureCount = "failure_count"
export const payloadSizeBytes = "payload_size_bytes"

// Sampling
/** Why a trace is recorded: on the span where it begins, or comes in. */
export const samplingReason = "gorax.sampling.reason"

// Errors
export const errorType = "error.type"
export const exceptionType = "exception.type"
export const exceptionMessage = "exception.message"
export const exceptionStacktrace = "exception.stacktrace"
export const interrupted = "effect.fiber.interrupted"

// Log lines, as OpenTelemetry spells the context of a trace where logs are no OTLP
export const logTraceId = "trace_id"
export const logSpanId = "span_id"
export const logTraceFlags = "trace_flags"

// Log records, as Effect spells what is its own
export const fiberId = "effect.fiberId"
/** Followed by the label. */
export const logSpanPrefix = "effect.log_span."
// Tail sampling
/** Why a span was kept that sampling had left out: `failure`, `slow`. */
export const keptBecause = "gorax.tracing.kept_because"
/** How many spans of the trace in this process are missing, as they were too many for one trace. */
export const keptWithout = "gorax.tracing.kept_without"

// HTTP, stable conventions
export const httpRequestMethod = "http.request.method"
export const httpRequestMethodOriginal = "http.request.method_original"
export const httpRequestResendCount = "http.request.resend_count"
export const httpRequestBodySize = "http.request.body.size"
export const httpResponseBodySize = "http.response.body.size"
/** Followed by the header's name in lower case; the value is a list. */
export const httpRequestHeader = "http.request.header."
export const httpResponseHeader = "http.response.header."
export const httpRoute = "http.route"
export const httpResponseStatusCode = "http.response.status_code"
export const networkPeerAddress = "network.peer.address"
export const networkPeerPort = "network.peer.port"
export const networkProtocolVersion = "network.protocol.version"
export const urlFull = "url.full"
export const urlPath = "url.path"
export const urlQuery = "url.query"
export const urlScheme = "url.scheme"
export const urlTemplate = "url.template"
export const serverAddress = "server.address"
export const serverPort = "server.port"
export const clientAddress = "client.address"
export const userAgentOriginal = "user_agent.original"

// HTTP, the platform's old keys (profile `gorax`)
export const oldHttpMethod = "http.method"
export const oldHttpTarget = "http.target"
export const oldHttpStatusCode = "http.status_code"
export const oldHttpUserAgent = "http.user_agent"

// Messaging, development conventions of 1.45
export const messagingSystem = "messaging.system"
export const messagingDestinationName = "messaging.destination.name"
export const messagingOperationName = "messaging.operation.name"
export const messagingOperationType = "messaging.operation.type"
export const messagingMessageId = "messaging.message.id"
export const messagingBatchMessageCount = "messaging.batch.message_count"

// Resource
export const serviceName = "service.name"
export const serviceVersion = "service.version"
