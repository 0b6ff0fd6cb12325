/**
 * Log records on their way out: from the program's lines, and from the exceptions of its spans, to an OTLP receiver.
 */
import * as Effect from "effect/Effect"
import type * as Logger from "effect/Logger"
import type * as Scope from "effect/Scope"
import * as Halving from "../export/Halving.ts"
import * as OtlpLogs from "../export/OtlpLogs.ts"
import * as OtlpSignal from "../export/OtlpSignal.ts"
import * as Retry from "../export/Retry.ts"
import { type LogFilter, type LogRecord, sizeOf } from "../model/LogRecord.ts"
import type { Flushed, Stage } from "../model/SpanSink.ts"
import * as ExceptionLogs from "../pipeline/ExceptionLogs.ts"
import * as Outbox from "../pipeline/Outbox.ts"
import * as OutboxMetrics from "../pipeline/OutboxMetrics.ts"
import * as Delivery from "./Delivery.ts"
import * as LogLines from "./LogLines.ts"
import * as TlsFiles from "./TlsFiles.ts"
import type { SentLogsSetting, TracingConfig } from "./TracingConfig.ts"
import type { TracingConfigError } from "./TracingConfigError.ts"

export interface Logs {
  /** Gets every line; knows the span of each by itself. */
  readonly logger: Logger.Logger<unknown, void>
  /** What spans pass so that their exceptions are told here. */
  readonly stages: ReadonlyArray<Stage>
  readonly flush: Effect.Effect<Flushed>
}

/** Opens the way for records, in a scope: it is flushed, within the shutdown timeout, and closed with that scope. */
export const make = Effect.fnUntraced(function* (
  settings: TracingConfig,
  sent: SentLogsSetting,
  filter: LogFilter | undefined
): Effect.fn.Return<Logs, TracingConfigError, Scope.Scope> {
  const { batch, logs, shutdownTimeout, spanLimits } = settings
  const exporter = yield* OtlpSignal.make(
    {
      settings: sent.otlp,
      tls: yield* TlsFiles.read(settings),
      userAgent: `gorax-tracing-OTLP-Exporter-JavaScript/${Delivery.scope.version}`,
      words: { setting: "TRACING_LOGS_ENDPOINT" }
    },
    OtlpLogs.signal({ resource: { attributes: settings.resourceAttributes }, scope: Delivery.scope })
  )
  const outbox = yield* Outbox.make(Halving.make(Retry.make(exporter, settings.retry)), {
    ...sent,
    what: "log records",
    sizeOf,
    exportTimeout: batch.exportTimeout,
    shutdownTimeout,
    untraced: yield* Delivery.alone
  })
  yield* OutboxMetrics.publish("log", outbox.counts)
  const push = (record: LogRecord): void => {
    const kept = filter === undefined ? record : filter(record)
    if (kept !== undefined) outbox.push(kept)
  }
  return {
    logger: LogLines.logger({
      limits: { count: spanLimits.attributes, valueLength: spanLimits.attributeLength },
      push
    }),
    stages: logs.exceptions === "events" ? [] : [ExceptionLogs.stage({ push, keepEvents: logs.exceptions === "both" })],
    flush: outbox.flush
  }
})
