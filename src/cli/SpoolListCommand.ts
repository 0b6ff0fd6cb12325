/**
 * `gorax-tracing spool ls`: what waits on disk.
 */
import * as Command from "effect/cli/Command"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as ChosenSpool from "./ChosenSpool.ts"
import { json } from "./JsonFlag.ts"
import * as SpoolListing from "./SpoolListing.ts"

export const command = Command.make(
  "ls",
  { directory: ChosenSpool.directory, json },
  Effect.fnUntraced(function* ({ directory, json }) {
    const chosen = yield* ChosenSpool.find(directory)
    const folder = chosen.spool.directory
    const holdings = yield* ChosenSpool.look(chosen)
    if (json) return yield* Console.log(SpoolListing.toJson(folder, holdings))
    const now = yield* Clock.currentTimeMillis
    yield* Console.log(
      ChosenSpool.isThere(chosen) ? SpoolListing.draw(folder, holdings, now) : ChosenSpool.absence(chosen)
    )
  })
).pipe(
  Command.withDescription("List what waits: whose it is, how much, how old, and what is damaged. Changes nothing.")
)
