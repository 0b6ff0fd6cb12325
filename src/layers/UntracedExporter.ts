/**
 * Keeps OpenTelemetry's instrumentation from taking notice of what an exporter does, whatever it does.
 *
 * Each primitive of Effect that it runs is kept apart, which costs more than
 * most of them do; so our own transports, which know where they reach out,
 * do it themselves (`export/Untraced`).
 */
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"
import * as Untraced from "../export/Untraced.ts"
import { decorate, type Exporter } from "../model/SpanExporter.ts"
import { passThrough } from "../tracer/GoraxTracer.ts"

const evaluate = "~effect/Effect/evaluate"

const apart: Tracer.Tracer = {
  ...passThrough,
  context: (primitive, fiber) => Untraced.run(() => primitive[evaluate](fiber))
}

/** The exporter, unnoticed. */
export const make = <AnyExporter extends Exporter<never>>(exporter: AnyExporter): AnyExporter =>
  decorate(exporter, <Batch>(exporter: Exporter<Batch>): Exporter<Batch> => ({
    export: (spans) =>
      Effect.provideService(
        Effect.suspend(() => exporter.export(spans)),
        Tracer.Tracer,
        apart
      )
  }))
