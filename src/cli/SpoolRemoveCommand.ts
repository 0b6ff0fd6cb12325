/**
 * `gorax-tracing spool rm`: deletes what waits on disk.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Prompt from "effect/cli/Prompt"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as SpoolAccess from "../pipeline/SpoolAccess.ts"
import * as SpoolFiles from "../pipeline/SpoolFiles.ts"
import type { SpoolFile } from "../pipeline/SpoolInventory.ts"
import * as SpoolRemoval from "../pipeline/SpoolRemoval.ts"
import * as ChosenSpool from "./ChosenSpool.ts"
import { CommandFailure } from "./CommandFailure.ts"
import * as CommandSettings from "./CommandSettings.ts"
import * as SpoolListing from "./SpoolListing.ts"
import { counted } from "./TextTable.ts"

const olderThan = CommandSettings.duration("older-than").pipe(
  Flag.withDescription('Only files that were last written so long ago, in milliseconds or as "3 days"'),
  Flag.withDefault(Duration.zero)
)

const yes = Flag.Boolean("yes").pipe(Flag.withAlias("y"), Flag.withDescription("Do not ask"), Flag.withDefault(false))

/** What others may write to is not ours to delete either. */
const check = ({ spool }: ChosenSpool.ChosenSpool): Effect.Effect<void, CommandFailure> =>
  Effect.mapError(
    SpoolAccess.check(spool.directory, SpoolFiles.node),
    ({ found, rule }) =>
      new CommandFailure({ reason: "Refused", message: `The folder ${spool.directory} must be ${rule}; ${found}.` })
  )

/** Asks whoever sits there; where nobody does, the flag is needed. */
const confirmed = Effect.fnUntraced(function* (question: string) {
  if (process.stdin.isTTY) return yield* Prompt.run(Prompt.Confirm({ message: question, initial: false }))
  return yield* new CommandFailure({
    reason: "Refused",
    message: `${question} Nobody is there to ask, so say --yes. To send them instead: gorax-tracing spool drain`
  })
})

const summary = (files: ReadonlyArray<SpoolFile>): string => {
  const spans = files.reduce((sum, { waiting }) => sum + waiting, 0)
  return `${counted(files.length, "file")} with ${counted(spans, "undelivered span")}`
}

export const command = Command.make(
  "rm",
  { directory: ChosenSpool.directory, olderThan, yes },
  Effect.fnUntraced(function* ({ directory, olderThan, yes }) {
    const chosen = yield* ChosenSpool.find(directory)
    const folder = chosen.spool.directory
    if (!ChosenSpool.isThere(chosen)) return yield* Console.log(ChosenSpool.absence(chosen))
    yield* check(chosen)
    const holdings = yield* ChosenSpool.look(chosen)
    const living = SpoolListing.ofTheLiving(holdings)
    if (living.length > 0) {
      const owners = living.map(({ owner }) => SpoolListing.ownerName(owner)).join(", ")
      yield* Console.log(`Left alone, as they are alive: ${owners}.`)
    }
    const now = yield* Clock.currentTimeMillis
    const files = holdings
      .filter((holding) => !living.includes(holding))
      .flatMap((holding) => holding.files)
      .filter((file) => SpoolRemoval.isOlder(file, olderThan, now))
    if (files.length === 0) return yield* Console.log(`Nothing to delete in ${folder}.`)
    const goesOn = yes || (yield* confirmed(`Delete ${summary(files)} in ${folder}?`))
    if (!goesOn) return yield* Console.log("Nothing was deleted.")
    const removed = yield* SpoolRemoval.run(folder, olderThan, chosen.key)
    yield* Console.log(`Deleted ${summary(removed)}.`)
  })
).pipe(Command.withDescription("Delete, undelivered, what processes that are gone have left."))
