/**
 * Bars R4 and R5 with a spool, one JSON line each; exits 0 only when all of them hold.
 *
 * `npm run crash` is both of them, `npm run crash -- --n 100` and `npm run crash -- endings` one.
 */
import { NodeServices } from "@effect/platform-node"
import { FakeCollector } from "@gorax/tracing/testing"
import { Effect, Layer } from "effect"
import { parseArgs } from "node:util"
import * as Crash from "./Crash.ts"

const { positionals, values } = parseArgs({ options: { n: { type: "string" } }, allowPositionals: true })
const asksForEndings = positionals.includes("endings")
const kills = asksForEndings && values.n === undefined ? 0 : Number(values.n ?? 100)
const endings = asksForEndings || values.n === undefined ? Crash.endings : []

const states = Object.keys(Crash.collectors) as Array<keyof typeof Crash.collectors>
const runs: ReadonlyArray<Effect.Effect<Crash.KillsRow | Crash.EndingRow, unknown, Crash.Needs>> = [
  ...(kills === 0 ? [] : [Crash.kills(kills)]),
  ...endings.flatMap((ending) => states.map((state) => Crash.ended(ending, state)))
]

const rows = await Effect.runPromise(
  Effect.forEach(
    runs,
    (run) =>
      run.pipe(
        Effect.provide(Layer.merge(FakeCollector.layer, NodeServices.layer)),
        Effect.tap((row) => Effect.sync(() => console.log(JSON.stringify(row))))
      ),
    { concurrency: 2 }
  )
)
process.exitCode = rows.length > 0 && rows.every(({ ok }) => ok) ? 0 : 1
