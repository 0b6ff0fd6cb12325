/**
 * Keeps OpenTelemetry's instrumentation from taking notice of what delivers.
 *
 * Around the call that does something, a request or a connection, and not
 * around all that leads to it: entering a context costs more than most
 * primitives of Effect do. What that call begins inherits the context.
 */
import { context, ROOT_CONTEXT } from "@opentelemetry/api"
import { suppressTracing } from "@opentelemetry/core"

const suppressed = suppressTracing(ROOT_CONTEXT)

/** Asks for no context, as our own manager would hear that and think it was needed. */
export const run = <A>(call: () => A): A => context.with(suppressed, call)
