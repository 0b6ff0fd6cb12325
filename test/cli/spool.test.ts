import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Console, Effect, Exit, Runtime, Cause } from "effect"
import { Command } from "effect/cli"
import * as fs from "node:fs"
import * as path from "node:path"
import * as SpoolCommand from "../../src/cli/SpoolCommand.ts"
import { folder } from "../faults/CrashRun.ts"

/** What the command line would say, and exit with, without a process of its own. */
const run = Effect.fnUntraced(function* (args: string, env: Readonly<Record<string, string>> = {}) {
  const [out, err]: [Array<string>, Array<string>] = [[], []]
  const console = {
    ...globalThis.console,
    log: (...said: ReadonlyArray<unknown>) => void out.push(said.join(" ")),
    error: (...said: ReadonlyArray<unknown>) => void err.push(said.join(" "))
  }
  const exit = yield* Command.runWith(SpoolCommand.command, { version: "1" })(args.split(" ")).pipe(
    Effect.provideService(Console.Console, console),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(env)),
    Effect.exit
  )
  const code = Exit.isSuccess(exit) ? 0 : Runtime.getErrorExitCode(Cause.squash(exit.cause))
  return { code, out: out.join("\n"), err: err.join("\n") }
}, Effect.provide(NodeServices.layer))

describe("what is typed wrong", () => {
  const wrong = (args: string, env: Readonly<Record<string, string>>, says: RegExp) =>
    Effect.map(run(args, env), ({ code, err }) => {
      assert.strictEqual(code, 1, args)
      assert.match(err, says, args)
    })

  it.live("is refused with the rule, or with what to do, and nothing is done", () =>
    Effect.gen(function* () {
      const home = yield* folder
      const spool = path.join(home, "spool")
      const here = { TRACING_SPOOL_DIR: spool }
      yield* wrong("ls", {}, /Set TRACING_SPOOL_DIR as the program has it, or name the folder: --dir/)
      yield* wrong("sl", here, /Unknown subcommand "sl".*Did you mean this\?\s+ls/s)
      yield* wrong("ls --dri x", here, /Unrecognized flag: --dri/)
      yield* wrong("drain --timeout soon", here, /--timeout: "soon". Expected: milliseconds, 0 or more/)
      yield* wrong("drain --endpoint ftp://x", here, /TRACING_ENDPOINT must be .*ftp/)
      yield* wrong("drain", { ...here, TRACING_EXPORTER: "none" }, /nowhere to send to: TRACING_EXPORTER is none/)
      yield* wrong("ls", { ...here, TRACING_SPOOL_KEY: "short-secret" }, /TRACING_SPOOL_KEY must be 32 bytes.*hidden/)
      fs.mkdirSync(spool, { mode: 0o777 })
      fs.chmodSync(spool, 0o777)
      yield* wrong("rm --yes", here, /must be writable by nobody else \(chmod 700\); its mode is 777/)
      yield* wrong("drain", here, /TRACING_SPOOL_DIR must be writable by nobody else/)
    }).pipe(Effect.scoped)
  )

  it.live("a folder that is not there is told, made by nobody, and no failure", () =>
    Effect.gen(function* () {
      const spool = path.join(yield* folder, "spool")
      for (const command of ["ls", "drain", "rm --yes"]) {
        assert.deepStrictEqual(yield* run(`${command} --dir ${spool}`), {
          code: 0,
          out: `There is no folder ${spool}, so nothing waits there.`,
          err: ""
        })
      }
      const { out } = yield* run(`drain --json --dir ${spool}`)
      assert.deepInclude(JSON.parse(out), { sent: 0, left: 0 })
      assert.isFalse(fs.existsSync(spool))
    }).pipe(Effect.scoped)
  )
})
