/**
 * The SQLite file in which a viewer keeps its traces beyond its own life.
 *
 * One row a span or log record, OTLP's own JSON inside, so that any tool can read it:
 * `sqlite3 traces.db "select body from spans where trace_id = '…'"`. Bounded
 * by the memory it mirrors: what leaves that leaves the file. A row that
 * cannot be written is left out; the viewer goes on in memory.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as FileSystem from "node:fs"
import * as Otlp from "../model/Otlp.ts"
import type { ReceivedLog } from "../receiver/ReceivedLog.ts"
import * as ReceivedLogs from "../receiver/ReceivedLog.ts"
import type { ReceivedSpan } from "../receiver/ReceivedSpan.ts"
import * as ReceivedSpans from "../receiver/ReceivedSpan.ts"
import type { NotedLog } from "./LogIdentity.ts"
import type { TraceContent } from "./TraceEntry.ts"

export class TraceFileError extends Schema.TaggedError<TraceFileError>()("TraceFileError", {
  file: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.file} cannot hold traces: ${this.detail}. Name another file, or none to keep them in memory.`
  }
}

export interface TraceFile {
  readonly add: (spans: ReadonlyArray<ReceivedSpan>, logs: ReadonlyArray<NotedLog>) => void
  readonly remove: (traceId: string) => void
  /** What it holds, trace by trace, those that grew first first. */
  readonly load: () => Iterable<TraceContent>
}

/** 2 has log records too; what 1 holds is read as it is. */
const version = 2

const schema = `
  create table if not exists spans (
    trace_id text not null, span_id text not null, body text not null, primary key (trace_id, span_id)
  );
  create table if not exists logs (
    trace_id text not null, log_id text not null, body text not null, primary key (trace_id, log_id)
  );
  pragma user_version = ${version};
`

/** Opens the file, or makes it. Node's SQLite is loaded only now: it warns of being an experiment where it still is one. */
export const open = Effect.fnUntraced(function* (
  file: string
): Effect.fn.Return<TraceFile, TraceFileError, Scope.Scope> {
  const failed = (error: unknown) =>
    new TraceFileError({ file, detail: error instanceof Error ? error.message : String(error) })
  const { DatabaseSync } = yield* Effect.tryPromise({ try: () => import("node:sqlite"), catch: failed })
  const database = yield* Effect.acquireRelease(
    Effect.try({
      try: () => {
        // Readable by its owner alone, before there is anything to read
        FileSystem.closeSync(FileSystem.openSync(file, "a", 0o600))
        const database = new DatabaseSync(file)
        database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 2000")
        const found = Number(Object.values(database.prepare("pragma user_version").get() ?? {})[0])
        if (found > version) throw new Error("a newer version of the viewer made it")
        database.exec(schema)
        return database
      },
      catch: failed
    }),
    (database) => Effect.sync(() => database.close())
  )
  const insert = database.prepare("insert or ignore into spans (trace_id, span_id, body) values (?, ?, ?)")
  const insertLog = database.prepare("insert or ignore into logs (trace_id, log_id, body) values (?, ?, ?)")
  const remove = database.prepare("delete from spans where trace_id = ?")
  const removeLogs = database.prepare("delete from logs where trace_id = ?")
  const select = database.prepare("select trace_id, body from spans order by rowid")
  const selectLogs = database.prepare("select trace_id, body from logs order by rowid")
  return {
    add: (spans, logs) => {
      if (spans.length + logs.length === 0) return
      Result.try(() => {
        database.exec("begin")
        for (const span of spans) insert.run(span.traceId, span.spanId, JSON.stringify(Otlp.fromSpans([span])))
        for (const { identity, log, traceId } of logs) {
          insertLog.run(traceId, identity, JSON.stringify(Otlp.fromLogs([log])))
        }
        database.exec("commit")
      }).pipe(Result.mapError(() => Result.try(() => database.exec("rollback"))))
    },
    remove: (traceId) => {
      Result.try(() => remove.run(traceId))
      Result.try(() => removeLogs.run(traceId))
    },
    load: () => {
      const traces = new Map<string, { readonly spans: Array<ReceivedSpan>; readonly logs: Array<ReceivedLog> }>()
      for (const { body, trace_id: traceId } of select.all()) {
        // A row that another tool spoilt is passed over
        const read = Result.try(() => ReceivedSpans.fromRequest(JSON.parse(String(body)), 1).spans)
        if (Result.isFailure(read)) continue
        const known = traces.get(String(traceId))
        if (known === undefined) traces.set(String(traceId), { spans: [...read.success], logs: [] })
        else known.spans.push(...read.success)
      }
      for (const { body, trace_id: traceId } of selectLogs.all()) {
        const read = Result.try(() => ReceivedLogs.fromRequest(JSON.parse(String(body)), 1).logs)
        if (Result.isSuccess(read)) traces.get(String(traceId))?.logs.push(...read.success)
      }
      return traces.values()
    }
  }
})
