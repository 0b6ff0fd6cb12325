/**
 * What `gorax-tracing view` can be told.
 */
import * as Flag from "effect/cli/Flag"
import * as Option from "effect/Option"
import type * as Viewer from "../viewer/Viewer.ts"
import { json } from "./JsonFlag.ts"

const text = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description), Flag.optional)

const texts = (name: string, metavar: string, description: string) =>
  Flag.String(name).pipe(Flag.withMetavar(metavar), Flag.withDescription(description), Flag.atLeast(0))

export const flags = {
  port: Flag.Int("port").pipe(
    Flag.withDescription("Where to listen, page and OTLP over HTTP; the next free port when it is taken"),
    Flag.withDefault(4318)
  ),
  grpcPort: Flag.Int("grpc-port").pipe(Flag.withDescription("Where to take OTLP over gRPC"), Flag.withDefault(4317)),
  host: Flag.String("host").pipe(
    Flag.withDescription("The address to listen on. Any but loopback shows every attribute to whoever can reach it"),
    Flag.withDefault("127.0.0.1")
  ),
  names: texts("name", "host", "A further name it answers to, for a proxy in front of it; may be repeated"),
  file: text("file", "traces.db", "An SQLite file that keeps the traces beyond the process"),
  maxAge: text("max-age", "duration", 'Let traces go that have not grown for so long: "30 minutes", "2 days"'),
  maxTraces: Flag.Int("max-traces").pipe(Flag.withDescription("How many to hold"), Flag.withDefault(1000)),
  tee: text("tee", "url", "Send all spans that arrive on to a backend: http://host:4318"),
  imports: texts("import", "file", "Show the traces of a file of OTLP in JSON; may be repeated"),
  export: text("export", "file", "Write all traces into a file, one a line, and end; - is standard output"),
  trace: text("trace", "id", "Draw one trace, and end"),
  terminal: Flag.Boolean("terminal").pipe(
    Flag.withDescription("Draw every finished trace here; those of a viewer that already runs, when there is one"),
    Flag.withDefault(false)
  ),
  json
}

export interface ViewOptions {
  readonly port: number
  readonly grpcPort: number
  readonly host: string
  readonly names: ReadonlyArray<string>
  readonly file: Option.Option<string>
  readonly maxAge: Option.Option<string>
  readonly maxTraces: number
  readonly tee: Option.Option<string>
  readonly imports: ReadonlyArray<string>
  readonly export: Option.Option<string>
  readonly trace: Option.Option<string>
  readonly terminal: boolean
  readonly json: boolean
}

/** As the viewer itself is told. */
export const toViewer = (options: ViewOptions, maxAge: number | undefined): Viewer.ViewerOptions => ({
  port: options.port,
  grpcPort: options.port === 0 ? 0 : options.grpcPort,
  host: options.host,
  names: options.names,
  tee: Option.getOrUndefined(options.tee),
  store: { file: Option.getOrUndefined(options.file), maxAge, maxTraces: options.maxTraces }
})
