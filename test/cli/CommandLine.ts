/**
 * `gorax-tracing` as people start it: a process with arguments and variables, and what it says.
 */
import { Effect, Stream } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url))

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

const text = <E>(bytes: Stream.Stream<Uint8Array, E>) => Stream.mkString(Stream.decodeText(bytes))

/** Starts it, with nobody there to ask. */
export const started = (args: string, env: Readonly<Record<string, string>> = {}) =>
  ChildProcess.make(
    process.execPath,
    ["--conditions=@gorax/source", "--disable-warning=ExperimentalWarning", main, ...args.split(" ")],
    { env, extendEnv: true, stdin: "ignore" }
  )

/** Runs it to its end. */
export const run = (args: string, env: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const child = yield* started(args, env)
    const [out, err, code] = yield* Effect.all([text(child.stdout), text(child.stderr), child.exitCode], {
      concurrency: "unbounded"
    })
    return { code: Number(code), out: out.trim(), err: err.trim() } satisfies Said
  }).pipe(Effect.scoped)
