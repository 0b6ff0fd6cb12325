/**
 * What is known of one exporter, for whoever asks how it is doing.
 *
 * It stands around the exporter that makes the requests and inside whatever
 * tries them again, so that it sees every answer and not only the last.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as SensitiveKeys from "../model/SensitiveKeys.ts"
import type { LeftOut, SpanExporter } from "../model/SpanExporter.ts"
import type { ExportError } from "../model/TracingError.ts"

/** An answer that was none, or not the one that was hoped for; without secrets. */
export interface SeenError {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** `Unreachable`, `Rejected`, `TimedOut` or `TooLarge`; `Partial` where a part was taken, `Defect` where the exporter is broken. */
  readonly reason: ExportError["reason"] | "Partial" | "Defect"
  readonly message: string
  /** True when the same batch may be taken later. */
  readonly retryable: boolean
}

export class ExporterWatch {
  /** How it is called in settings, and where it sends to, without credentials. */
  readonly name: string
  readonly endpoint: string | undefined
  /** The type of component it is, in the words of OpenTelemetry where they have one. */
  readonly type: string
  /** How many requests have not been answered. */
  requests = 0
  /** When spans were taken last. Milliseconds since the epoch, as all times here. */
  lastSuccess: number | undefined
  lastError: SeenError | undefined
  /** When it began to fail, if it has taken nothing since. */
  failingSince: number | undefined
  /** What is wrong with what it needs, though it goes on with what it had; a sentence without secrets. */
  trouble: () => string | undefined = () => undefined

  constructor(name: string, type: string, endpoint?: string) {
    this.name = name
    this.type = type
    this.endpoint = endpoint
  }

  /** The exporter, watched. */
  readonly around = (exporter: SpanExporter): SpanExporter => ({
    ...exporter,
    export: (spans) =>
      Effect.suspend(() => {
        this.requests++
        return exporter.export(spans)
      }).pipe(
        Effect.onExit((exit) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            this.requests--
            this.#note(now, exit)
          })
        )
      )
  })

  #note(now: number, exit: Exit.Exit<LeftOut | void, ExportError>): void {
    if (Exit.isSuccess(exit)) {
      this.lastSuccess = now
      this.failingSince = undefined
      const leftOut = exit.value
      if (leftOut === undefined) return
      this.lastError = { at: now, reason: "Partial", message: redacted(leftOut.message), retryable: false }
    } else if (!Cause.hasInterruptsOnly(exit.cause)) {
      const error = Cause.squash(exit.cause)
      const known = isExportError(error)
      this.failingSince ??= now
      this.lastError = {
        at: now,
        reason: known ? error.reason : "Defect",
        message: redacted(known ? error.message : String(error)),
        retryable: known && error.retryable === true
      }
    }
  }
}

const redacted = (text: string): string => SensitiveKeys.redactText(text)

const isExportError = (error: unknown): error is ExportError =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "ExportError"
