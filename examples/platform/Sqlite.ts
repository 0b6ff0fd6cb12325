/**
 * A small `SqlClient` over `node:sqlite`, for queues that live in one file.
 *
 * Several processes may open the same file: it is in WAL mode, a writer takes its lock at once, and whoever comes
 * second waits for it. Statements run on the calling thread, so keep them short. Row streams are not supported.
 */
import { Effect, Layer, Schedule, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, SqlConnection, SqlError, Statement } from "effect/sql"
import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync, type SQLInputValue } from "node:sqlite"

export interface SqliteOptions {
  /** The file; it and its folder are made when they are missing. */
  readonly filename: string
  /** How long a statement waits for another process, in milliseconds. Default 5000. */
  readonly busyTimeout?: number
}

const attempt = <A>(operation: string, run: () => A): Effect.Effect<A, SqlError.SqlError> =>
  Effect.try({
    try: run,
    catch: (cause) =>
      new SqlError.SqlError({
        reason: SqlError.classifySqliteError(cause, { operation, message: `${operation}: ${String(cause)}` })
      })
  })

const open = ({ busyTimeout = 5000, filename }: SqliteOptions) =>
  Effect.acquireRelease(
    attempt("open", () => {
      mkdirSync(dirname(filename), { recursive: true })
      return new DatabaseSync(filename, { timeout: busyTimeout })
    }),
    (database) => Effect.sync(() => database.close())
  ).pipe(
    Effect.tap((database) =>
      // Two processes that switch a new file to WAL at the same time do not wait for each other.
      attempt("open", () => database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")).pipe(
        Effect.retry({ times: 100, schedule: Schedule.spaced("20 millis") })
      )
    )
  )

const connect = (database: DatabaseSync): SqlConnection.Connection => {
  const rows = (sql: string, params: ReadonlyArray<unknown>) =>
    attempt("execute", () => database.prepare(sql).all(...(params as ReadonlyArray<SQLInputValue>)))
  const values = (sql: string, params: ReadonlyArray<unknown>) =>
    Effect.map(rows(sql, params), (rows) => rows.map((row) => Object.values(row)))
  const execute: SqlConnection.Connection["execute"] = (sql, params, transformRows) =>
    transformRows === undefined ? rows(sql, params) : Effect.map(rows(sql, params), transformRows)
  return {
    execute,
    executeRaw: rows,
    executeUnprepared: execute,
    executeValues: values,
    executeValuesUnprepared: values,
    executeStream: () => Stream.die("examples/platform/Sqlite does not stream rows")
  }
}

/** The `SqlClient` of one file, closed with the layer. */
export const layer = (options: SqliteOptions): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError> =>
  Layer.effect(
    SqlClient.SqlClient,
    Effect.gen(function* () {
      const database = yield* open(options)
      const acquirers = SqlClient.makeSqliteAcquirers({
        connection: Effect.succeed(connect(database)),
        semaphore: yield* Semaphore.make(1),
        isTransaction: () => database.isTransaction
      })
      return yield* SqlClient.make({
        ...acquirers,
        compiler: Statement.makeCompilerSqlite(),
        driver: "node-sqlite",
        // A transaction that began by reading could not wait for another writer.
        beginTransaction: "BEGIN IMMEDIATE",
        spanAttributes: [["db.system.name", "sqlite"]]
      })
    })
  ).pipe(Layer.provide(Reactivity.layer))
