/**
 * What became of log records, as metrics by OpenTelemetry's conventions for what an SDK says about itself.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/
 */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as Scope from "effect/Scope"
import type { OutboxCounts } from "./Outbox.ts"

type Labels = Readonly<Record<string, string>>

const errorType = "error.type"

/** Publishes counts until the scope closes. They are read when somebody asks, and cost nothing before. */
export const publish = (item: "log", counts: Readonly<OutboxCounts>): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(Effect.context<Scope.Scope>(), (context) => {
    const counter = (name: string, description: string, labels: Labels, read: () => number): Metric.Registration =>
      Metric.registerUnsafe(
        Metric.counter(name, {
          description,
          attributes: { unit: `{${item}_record}`, ...labels },
          incremental: true
        }),
        context,
        { get: () => ({ count: read(), incremental: true }), update: () => undefined, modify: () => undefined }
      )
    const processed = (labels: Labels, read: () => number): Metric.Registration =>
      counter(
        `otel.sdk.processor.${item}.processed`,
        "The number of log records handed to the exporter, or dropped for the error given.",
        labels,
        read
      )
    const exported = (labels: Labels, read: () => number): Metric.Registration =>
      counter(
        `otel.sdk.exporter.${item}.exported`,
        "The number of log records that were exported, or not for the error given.",
        labels,
        read
      )
    return Effect.acquireRelease(
      Effect.sync(() => [
        processed({}, () => counts.accepted),
        processed({ [errorType]: "queue_full" }, () => counts.dropped.queue_full),
        processed({ [errorType]: "already_shutdown" }, () => counts.dropped.shut_down),
        exported({}, () => counts.exported),
        exported({ [errorType]: "rejected" }, () => counts.rejected)
      ]),
      (registrations) => Effect.sync(() => registrations.forEach(({ remove }) => remove()))
    )
  })
