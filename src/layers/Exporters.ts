/**
 * The exporters that the settings name, each with its retries, ready for a queue of its own.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as ConsoleExporter from "../export/ConsoleExporter.ts"
import * as ConsoleLines from "../export/ConsoleLines.ts"
import { ExporterWatch } from "../export/ExporterWatch.ts"
import * as FileExporter from "../export/FileExporter.ts"
import * as Halving from "../export/Halving.ts"
import * as JaegerExporter from "../export/JaegerExporter.ts"
import * as OtlpExporter from "../export/OtlpExporter.ts"
import type { OtlpSettings, OtlpTransportOptions } from "../export/OtlpTransport.ts"
import * as PerProcess from "../export/PerProcess.ts"
import type { RotatingHeaders } from "../export/RotatingHeaders.ts"
import * as Retry from "../export/Retry.ts"
import * as SdkOtlpExporter from "../export/SdkOtlpExporter.ts"
import * as ZipkinExporter from "../export/ZipkinExporter.ts"
import type { SpanExporter } from "../model/SpanExporter.ts"
import type { Destination } from "../pipeline/Destinations.ts"
import * as HeadersFile from "./HeadersFile.ts"
import * as OwnHeaders from "./OwnHeaders.ts"
import * as SettingTable from "./SettingTable.ts"
import * as StartLine from "./StartLine.ts"
import * as TlsFiles from "./TlsFiles.ts"
import type { ExporterName, TracingConfig } from "./TracingConfig.ts"
import * as UntracedExporter from "./UntracedExporter.ts"
import { TracingConfigError } from "./TracingConfigError.ts"

/** Where spans go, and what is seen of it. */
export interface Watched {
  readonly destination: Destination
  readonly watch: ExporterWatch
}

/** The types of component they are, in the words of OpenTelemetry where it has them. */
const typeOf = (name: ExporterName, { otlp }: TracingConfig): string =>
  ({
    otlp: {
      grpc: "otlp_grpc_span_exporter",
      "http/protobuf": "otlp_http_span_exporter",
      "http/json": "otlp_http_json_span_exporter"
    }[otlp.endpoint.protocol],
    "otlp-sdk": "otlp_http_json_span_exporter",
    zipkin: "zipkin_http_span_exporter",
    jaeger: "jaeger_span_exporter",
    file: "file_span_exporter",
    console: "console_span_exporter"
  })[name]

type Opened = Effect.Effect<SpanExporter, never, Scope.Scope>
type Made = Effect.Effect<SpanExporter, TracingConfigError, Scope.Scope>

/** Whoever looks at a console is waiting. */
const consoleInterval = Duration.millis(200)

/** True on a terminal that shows colours; Node itself heeds `NO_COLOR`. */
const isColourful = (): boolean => process.stdout.isTTY && process.stdout.hasColors()

/** A file that cannot be opened fails the layer, like any other setting. */
const file = (settings: TracingConfig, options: FileExporter.FileExporterOptions): Made =>
  Effect.mapError(
    FileExporter.make(options),
    ({ advice }) =>
      new TracingConfigError([
        {
          key: settings.sources.filePath ?? SettingTable.table.filePath.key,
          rule: "the name of a file that can be written",
          value: `${JSON.stringify(options.path)} (${advice.split(".")[0]})`
        }
      ])
  )

/** Headers for OTLP that change; `undefined` where none do. */
const rotating = (
  { headersFile, otlp }: TracingConfig,
  own: OwnHeaders.OwnHeaders | undefined
): Effect.Effect<RotatingHeaders | undefined, TracingConfigError> => {
  if (own === undefined) {
    return headersFile === undefined ? Effect.succeed(undefined) : HeadersFile.make(headersFile, otlp.headers)
  }
  if (headersFile === undefined) return Effect.succeed(OwnHeaders.make(own, otlp.headers))
  const rule = "unset where the program itself gives `headers`"
  return Effect.fail(
    new TracingConfigError([{ key: SettingTable.table.headersFile.key, rule, value: JSON.stringify(headersFile) }])
  )
}

/** Makes all of them; what they hold open lives in the scope. Each try of each of them is seen. */
export const make = Effect.fnUntraced(function* (
  settings: TracingConfig,
  version: string,
  ownHeaders?: OwnHeaders.OwnHeaders
): Effect.fn.Return<ReadonlyArray<Watched>, TracingConfigError, Scope.Scope> {
  // Only for what is sent: who writes to a file needs no certificates
  const tls = yield* Effect.cached(TlsFiles.read(settings))
  const over = (
    format: string,
    to: OtlpSettings,
    open: (options: OtlpTransportOptions) => Opened,
    headers?: RotatingHeaders
  ): Made =>
    Effect.flatMap(tls, (tls) =>
      open({ settings: to, tls, userAgent: `gorax-tracing-${format}-Exporter-JavaScript/${version}`, headers })
    )
  /** Headers are for OTLP alone. */
  const withHeaders = (watch: ExporterWatch, open: (headers: RotatingHeaders | undefined) => Made): Made =>
    Effect.flatMap(rotating(settings, ownHeaders), (headers) => {
      watch.trouble = () => headers?.trouble
      return open(headers)
    })
  /** Each try is seen. */
  const again =
    (watch: ExporterWatch) =>
    (exporter: SpanExporter): SpanExporter =>
      Retry.make(watch.around(exporter), settings.retry)
  /** What is too large is halved, and each half tried again by itself. */
  const inAnySize =
    (watch: ExporterWatch) =>
    (exporter: SpanExporter): SpanExporter =>
      Halving.make(again(watch)(exporter))

  const makers: Readonly<Record<ExporterName, (watch: ExporterWatch) => Made>> = {
    otlp: (watch) =>
      withHeaders(watch, (headers) =>
        Effect.map(over("OTLP", settings.otlp, OtlpExporter.make, headers), inAnySize(watch))
      ),
    "otlp-sdk": (watch) =>
      withHeaders(watch, (headers) =>
        Effect.map(SdkOtlpExporter.make(settings.otlp, headers), (exporter) =>
          UntracedExporter.make(watch.around(exporter))
        )
      ),
    zipkin: (watch) => Effect.map(over("Zipkin", settings.zipkin, ZipkinExporter.make), inAnySize(watch)),
    jaeger: (watch) =>
      settings.jaegerAgent === undefined
        ? Effect.map(over("Jaeger", settings.jaeger, JaegerExporter.overHttp), (exporter) =>
            PerProcess.make(inAnySize(watch)(exporter))
          )
        : Effect.map(JaegerExporter.overUdp(settings.jaegerAgent), (exporter) =>
            UntracedExporter.make(PerProcess.make(again(watch)(exporter)))
          ),
    file: (watch) =>
      Effect.map(file(settings, settings.file!), (exporter) => UntracedExporter.make(again(watch)(exporter))),
    console: (watch) =>
      Effect.map(
        settings.consoleFormat === "json"
          ? Effect.succeed(ConsoleLines.make())
          : ConsoleExporter.make({ colour: isColourful() }),
        watch.around
      )
  }
  return yield* Effect.forEach(settings.exporters, (name) => {
    const watch = new ExporterWatch(name, typeOf(name, settings), StartLine.endpointOf(name, settings))
    return Effect.map(makers[name](watch), (exporter): Watched => {
      const quick = name === "console" && settings.sources.interval === undefined
      return { watch, destination: quick ? { name, exporter, interval: consoleInterval } : { name, exporter } }
    })
  })
})
