/**
 * `gorax-tracing view`: traces on a page, or in the terminal.
 */
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as fs from "node:fs/promises"
import * as TraceImport from "../viewer/TraceImport.ts"
import * as TracePrinter from "../viewer/TracePrinter.ts"
import * as TraceStore from "../viewer/TraceStore.ts"
import * as TraceSummary from "../viewer/TraceSummary.ts"
import * as Viewer from "../viewer/Viewer.ts"
import * as ViewerClient from "../viewer/ViewerClient.ts"
import { flags, toViewer, type ViewOptions } from "./ViewFlags.ts"
import * as ViewSource from "./ViewSource.ts"

const drawing = (): TracePrinter.TracePrinterOptions => ({
  color: process.stdout.isTTY,
  width: Math.max(100, Math.min(200, process.stdout.columns ?? 120))
})

/** A trace as it is shown in the terminal: drawn, or as OTLP, a line with its spans and one with its log records. */
const shown = (trace: TraceStore.StoredTrace, json: boolean): string =>
  json ? TraceImport.toText([trace]).trimEnd() : `\n${TracePrinter.draw(trace, drawing())}`

const one = Effect.fnUntraced(function* (options: ViewOptions, id: string) {
  const wanted = id.toLowerCase()
  const all = yield* ViewSource.traces(options)
  const found = all.filter(({ spans: [first] }) => first?.traceId.startsWith(wanted) === true)
  if (found.length > 1) return yield* ViewSource.refused(`${found.length} traces begin with ${id}: say more of it.`)
  const [trace] = found
  if (trace === undefined) {
    return yield* ViewSource.refused(`No trace ${id} is here: it may not have arrived yet, or has left to make room.`)
  }
  yield* Console.log(shown({ ...trace, summary: TraceSummary.fromSpans(trace.spans) }, options.json))
})

const exported = Effect.fnUntraced(function* (options: ViewOptions, file: string) {
  const all = yield* ViewSource.traces(options)
  const text = TraceImport.toText(all)
  if (file === "-") return yield* Console.log(text.trimEnd())
  yield* Effect.tryPromise({
    // Attributes may be private
    try: () => fs.writeFile(file, text, { mode: 0o600 }),
    catch: (error) =>
      ViewSource.refused(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  })
  const spans = all.reduce((sum, trace) => sum + trace.spans.length, 0)
  yield* Console.log(`${all.length} traces, ${spans} spans: ${file}`)
})

const print = (store: TraceStore.TraceStore["Service"], json: boolean) =>
  Stream.runForEach(store.quiet, (trace) => Console.log(shown(trace, json)))

/** Shows the finished traces of a viewer that runs already, until it goes away. */
const follow = Effect.fnUntraced(
  function* ({ json }: ViewOptions, url: string) {
    if (!json) yield* Console.log(`Following the viewer on ${url}. Ctrl-C stops this, and leaves it running.`)
    const store = yield* TraceStore.TraceStore
    yield* Effect.forkScoped(print(store, json), { startImmediately: true })
    yield* Effect.ignore(ViewerClient.follow(url, store))
    return yield* ViewSource.refused(`The viewer on ${url} is gone.`)
  },
  Effect.provide(TraceStore.layer()),
  Effect.scoped
)

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/

const greeting = ({ grpc, url }: Viewer.Viewer["Service"], { host, port }: ViewOptions): string => {
  const isOther = port !== 0 && new URL(url).port !== String(port)
  const taken = isOther ? `Another program has port ${port}, so this is the next.\n` : ""
  const seen = loopback.test(host) ? "" : `Whoever reaches ${host} sees every attribute: there is no login.\n`
  return `${seen}${taken}Traces     ${url}\nsend OTLP  ${url}/v1/traces   gRPC ${grpc}\n\nCtrl-C stops it.`
}

const serve = Effect.fnUntraced(function* (options: ViewOptions) {
  const { imports, json, maxAge, terminal } = options
  const age = Option.map(maxAge, (text) => Duration.fromInput(text as Duration.Input))
  if (Option.isSome(age) && Option.isNone(age.value)) {
    return yield* ViewSource.refused('--max-age is a number and a unit: "30 minutes", "2 days"')
  }
  const millis = Option.getOrUndefined(Option.map(Option.flatten(age), Duration.toMillis))
  const layer = Viewer.layer(toViewer(options, millis))
  const context = yield* Layer.build(layer).pipe(
    Effect.mapError((error) =>
      ViewSource.refused(
        error._tag === "ServeError"
          ? `The viewer cannot listen on ${options.host}: ${error.cause instanceof Error ? error.cause.message : String(error.cause)}`
          : error.message
      )
    )
  )
  const viewer = yield* Effect.provide(Viewer.Viewer, context)
  if (terminal || json) yield* Effect.forkScoped(print(viewer.store, json), { startImmediately: true })
  if (!json) yield* Console.log(greeting(viewer, options))
  const { logs, spans } = yield* ViewSource.read(imports)
  if (spans.length > 0) yield* viewer.store.add(spans)
  if (logs.length > 0) yield* viewer.store.addLogs(logs)
  return yield* Effect.never
})

/** Options that only a viewer of one's own can heed. */
const wantsOwn = ({ file, imports, maxAge, tee }: ViewOptions): boolean =>
  imports.length > 0 || [file, maxAge, tee].some(Option.isSome)

const view = Effect.fnUntraced(function* (options: ViewOptions) {
  const { host, json, port, terminal } = options
  if (Option.isSome(options.trace)) return yield* one(options, options.trace.value)
  if (Option.isSome(options.export)) return yield* exported(options, options.export.value)
  const about = port === 0 || wantsOwn(options) ? undefined : yield* Viewer.running(port, host)
  if (about === undefined) return yield* serve(options)
  if (terminal || json) return yield* follow(options, about.url)
  const where = about.grpc === "" ? "" : `   gRPC ${about.grpc}`
  yield* Console.log(`A viewer already runs: ${about.url}\nsend OTLP  ${about.url}/v1/traces${where}`)
}, Effect.scoped)

export const command = Command.make("view", flags, view).pipe(
  Command.withDescription("Show traces on a page of this machine, or in the terminal, as they arrive over OTLP")
)
