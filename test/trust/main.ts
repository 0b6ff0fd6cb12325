/**
 * `npm run trust`: whether strangers decide what is recorded, and whether contexts leave for hosts that may not have them.
 *
 * `--json` prints one object a line. Exits with 0 only when every figure holds.
 */
import { Console, Effect, Logger } from "effect"
import * as Egress from "./Egress.ts"
import * as Ingress from "./Ingress.ts"

const bars = Effect.map(Effect.all([Ingress.measure(10_000), Egress.measure]), (all) => all.flat()).pipe(
  Effect.provide(Logger.layer([]))
)

const json = process.argv.includes("--json")

const program = Effect.flatMap(bars, (found) =>
  Effect.as(
    Effect.forEach(found, (bar) =>
      Console.log(
        json
          ? JSON.stringify(bar)
          : `${bar.ok ? "✓" : "✗"} ${bar.bar} ${bar.name}: ${bar.figure}${bar.unit && ` ${bar.unit}`} (${bar.bound})`
      )
    ),
    found.every(({ ok }) => ok)
  )
)

process.exitCode = (await Effect.runPromise(program)) ? 0 : 1
