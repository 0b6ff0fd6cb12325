/**
 * Whose traces a command that ends by itself is about: those of files, of a viewer's own file, or of one that runs.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as fs from "node:fs/promises"
import type { ReceivedLog } from "../receiver/ReceivedLog.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as TraceImport from "../viewer/TraceImport.ts"
import * as TraceStore from "../viewer/TraceStore.ts"
import * as Viewer from "../viewer/Viewer.ts"
import * as ViewerClient from "../viewer/ViewerClient.ts"
import { CommandFailure } from "./CommandFailure.ts"
import type { ViewOptions } from "./ViewFlags.ts"

export const refused = (message: string) => new CommandFailure({ reason: "Refused", message })

/** The spans and log records of all these files. */
export const read = Effect.fnUntraced(function* (files: ReadonlyArray<string>) {
  const spans: Array<ReceivedSpan> = []
  const logs: Array<ReceivedLog> = []
  for (const file of files) {
    const text = yield* Effect.tryPromise({
      try: () => fs.readFile(file, "utf8"),
      catch: (error) => refused(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    })
    const imported = TraceImport.fromText(text)
    if (Result.isFailure(imported)) {
      return yield* refused(`${file} is no OTLP in JSON: ${imported.failure.detail}`)
    }
    for (const span of imported.success.spans) spans.push(span)
    for (const log of imported.success.logs) logs.push(log)
  }
  return { spans, logs } satisfies TraceStore.TraceContent
})

const ofFiles = Effect.fnUntraced(
  function* ({ imports }: ViewOptions) {
    const store = yield* TraceStore.TraceStore
    const { logs, spans } = yield* read(imports)
    yield* store.add(spans)
    yield* store.addLogs(logs)
    const listed = yield* store.list({ limit: Infinity })
    const found = yield* Effect.forEach(listed.toReversed(), ({ traceId }) => store.get(traceId))
    return found.flatMap((trace) => (trace === undefined ? [] : [trace]))
  },
  (effect, { file }) =>
    effect.pipe(
      Effect.provide(
        TraceStore.layer({
          maxTraces: Infinity,
          maxSpans: Infinity,
          maxLogs: Infinity,
          maxCharacters: Infinity,
          file: Option.getOrUndefined(file)
        })
      ),
      Effect.catchTag("TraceFileError", ({ message }) => refused(message))
    )
)

/** All traces, each with its spans and log records, those that came first first. */
export const traces = Effect.fnUntraced(function* (options: ViewOptions) {
  const { file, host, imports, port } = options
  if (imports.length > 0 || Option.isSome(file)) return yield* ofFiles(options)
  const about = yield* Viewer.running(port, host)
  if (about === undefined) {
    return yield* refused(
      `No viewer runs on port ${port}. Start one with \`gorax-tracing view\`, or name a file: --import traces.jsonl`
    )
  }
  const client = yield* ViewerClient.make(about.url)
  const found = yield* Effect.mapError(client.list({ query: { limit: "10000" } }), (error) => refused(String(error)))
  return yield* Effect.forEach(found.traces.toReversed(), ({ traceId }) =>
    Effect.mapError(ViewerClient.trace(about.url, traceId), (error) => refused(String(error)))
  )
})
