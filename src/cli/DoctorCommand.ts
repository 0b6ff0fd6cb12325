/**
 * `gorax-tracing doctor`: says why no trace appears, and what to do.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Diagnosis from "./doctor/Diagnosis.ts"
import * as Report from "./doctor/Report.ts"
import * as Setup from "./doctor/Setup.ts"
import { json } from "./JsonFlag.ts"
import * as QueryFlag from "./QueryFlag.ts"
import * as Screen from "./Screen.ts"
import * as TextTable from "./TextTable.ts"

const verbose = Flag.Boolean("verbose").pipe(
  Flag.withDescription("Also what was tried and seen where all is well"),
  Flag.withDefault(false)
)

/** No cell is longer: the whole of it is in `--json`. */
const longest = 60

const table = ({ settings }: Diagnosis.Diagnosis): string =>
  TextTable.draw(
    ["SETTING", "SOURCE", "VALUE"],
    settings.map(({ key, source, value }) => [
      key,
      source === key ? "its variable" : source,
      value.length > longest ? `${value.slice(0, longest)}…` : value
    ])
  )

export const command = Command.make(
  "doctor",
  { query: QueryFlag.query, verbose, json },
  Effect.fnUntraced(function* ({ json, query, verbose }) {
    const setup = yield* Setup.read({ folder: process.cwd(), nodeVersion: process.version })
    const diagnosis = yield* Diagnosis.make(setup, Option.getOrUndefined(query))
    const screen = yield* Screen.options
    if (json) yield* Console.log(JSON.stringify(diagnosis))
    else {
      yield* Console.log(Report.draw(diagnosis, { ...screen, verbose }))
      if (verbose) yield* Console.log(`\n${table(diagnosis)}`)
    }
    if (diagnosis.severity === "problem") return yield* new Screen.BadNews()
  })
).pipe(
  Command.withDescription(
    "Say why no trace appears, and what to do. Run it where the program runs, with its variables. Sends a test span. " +
      "Exits with 2 when there is a problem, with 0 when there is none; warnings are none."
  )
)
