/**
 * What became of a batch that was handed to an exporter.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as SensitiveKeys from "../model/SensitiveKeys.ts"
import type { LeftOut } from "../model/SpanExporter.ts"
import { ExportError } from "../model/TracingError.ts"

export type ExportExit = Exit.Exit<LeftOut | void, ExportError>

export interface BatchOutcome {
  readonly exported: number
  readonly rejected: number
  readonly unreadable: number
  /** Why not all were exported, without secrets; `undefined` when nobody knows. */
  readonly message: string | undefined
}

/** What a batch fails with that took longer than it may, with all its tries. */
export const timedOut = (exportTimeout: Duration.Duration): ExportError =>
  new ExportError({
    reason: "TimedOut",
    endpoint: "the exporter",
    advice: `Given up after ${Duration.format(exportTimeout)} (TRACING_BATCH_EXPORT_TIMEOUT).`
  })

/** Said of spans for which time was too short. */
export const endedBefore = "no answer before the end (TRACING_SHUTDOWN_TIMEOUT)."

/** Reads how an export of so many spans ended. No destination can leave out more than it was given. */
export const fromExit = (exit: ExportExit, count: number): BatchOutcome => {
  if (Exit.isFailure(exit)) {
    const message = Cause.hasInterruptsOnly(exit.cause)
      ? undefined
      : SensitiveKeys.redactText(String(Cause.squash(exit.cause)))
    return { exported: 0, rejected: count, unreadable: 0, message }
  }
  const { value } = exit
  if (value === undefined) return { exported: count, rejected: 0, unreadable: 0, message: undefined }
  const unreadable = Math.min(value.unreadable, count)
  const rejected = Math.min(value.rejected, count - unreadable)
  return { exported: count - unreadable - rejected, rejected, unreadable, message: value.message }
}
