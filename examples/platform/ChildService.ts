/**
 * One service of the platform as a process of its own, stopped with the scope it was started in.
 */
import { Deferred, Effect, Exit, Fiber, Schema, Stream } from "effect"
import { ChildProcess } from "effect/process"
import { fileURLToPath } from "node:url"
import { stripVTControlCharacters } from "node:util"

export class ServiceDied extends Schema.TaggedError<ServiceDied>()("ServiceDied", {
  service: Schema.String,
  ending: Schema.String,
  lastLines: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const lines = this.lastLines.filter((line) => !/^\s+at /.test(line))
    const error = lines.findLastIndex((line) => line.includes("ERROR"))
    const telling = error < 0 ? lines.slice(-8) : lines.slice(error, error + 8)
    return `${this.service} ${this.ending}. ${
      telling.length === 0 ? "It said nothing." : `It last said:\n\n  ${telling.join("\n  ")}`
    }`
  }
}

export interface ChildServiceOptions {
  /** Its name, in traces and here. */
  readonly name: string
  /** The file that node runs. */
  readonly main: URL
  /** Added to the environment of this process; `undefined` takes a variable away. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The line that says that it is ready; its first group, if it has one, is the address. */
  readonly ready: RegExp
  readonly onLine?: ((name: string, line: string) => Effect.Effect<void>) | undefined
}

export interface ChildService {
  readonly name: string
  readonly address: string
  /** Ends only if the process does. */
  readonly died: Effect.Effect<never, ServiceDied>
  /** Asks it to stop, and waits until it has. */
  readonly stop: Effect.Effect<void>
}

const patience = { forceKillAfter: "5 seconds" } as const
const endWithParent = new URL("endWithParent.ts", import.meta.url)

/** Starts a service, and waits until it is ready. */
export const start = Effect.fnUntraced(function* ({ env, main, name, onLine, ready }: ChildServiceOptions) {
  const lastLines: Array<string> = []
  const address = yield* Deferred.make<string>()
  const child = yield* ChildProcess.make(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      "--conditions=@gorax/source",
      `--import=${endWithParent.href}`,
      fileURLToPath(main)
    ],
    { env: { ...env, TRACING_SERVICE_NAME: name }, extendEnv: true, ...patience }
  )

  const listening = yield* child.all.pipe(
    Stream.decodeText(),
    Stream.splitLines,
    Stream.map(stripVTControlCharacters),
    Stream.runForEach((line) => {
      lastLines.push(line)
      if (lastLines.length > 100) lastLines.shift()
      const found = ready.exec(line)
      if (found !== null) Deferred.doneUnsafe(address, Exit.succeed(found[1] ?? ""))
      return onLine === undefined ? Effect.void : onLine(name, line)
    }),
    Effect.ignore,
    Effect.forkScoped
  )
  const died = child.exitCode.pipe(
    Effect.match({ onSuccess: (code) => `ended with exit code ${code}`, onFailure: () => "was killed" }),
    Effect.tap(Fiber.await(listening)),
    Effect.flatMap((ending) => Effect.fail(new ServiceDied({ service: name, ending, lastLines })))
  )
  const late = Effect.suspend(() =>
    Effect.fail(new ServiceDied({ service: name, ending: "is not ready after 30 seconds", lastLines }))
  )
  return {
    name,
    died,
    address: yield* Deferred.await(address).pipe(
      Effect.raceFirst(died),
      Effect.timeoutOrElse({ duration: "30 seconds", orElse: () => late })
    ),
    stop: Effect.ignore(child.kill(patience))
  } satisfies ChildService
})
