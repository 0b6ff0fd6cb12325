import { type SpanData, Tracing } from "@gorax/tracing"
import { ConfigProvider, Effect, Layer, Logger } from "effect"

/** A layer by settings that remembers what it exports, and what it logs. */
export const exporting = (settings: Readonly<Record<string, string>>, plugins: Tracing.TracingPlugins = {}) => {
  const spans: Array<SpanData> = []
  const lines: Array<string> = []
  const layer = Tracing.layerConfig({
    ...plugins,
    exporters: [{ export: (batch: ReadonlyArray<SpanData>) => Effect.sync(() => void spans.push(...batch)) }]
  }).pipe(
    Layer.provide([
      ConfigProvider.layer(
        ConfigProvider.fromUnknown({
          TRACING_ENABLED: "true",
          TRACING_EXPORTER: "none",
          TRACING_OTEL_CONTEXT: "off",
          ...settings
        })
      ),
      Logger.layer([Logger.make(({ logLevel, message }) => void lines.push(`${logLevel} ${String(message)}`))])
    ]),
    Layer.fresh
  )
  return { layer, spans, lines }
}
