/**
 * `gorax-tracing spool drain`: sends what waits on disk.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as SpoolDrain from "../layers/SpoolDrain.ts"
import * as StartLine from "../layers/StartLine.ts"
import * as ChosenSpool from "./ChosenSpool.ts"
import { CommandFailure } from "./CommandFailure.ts"
import * as CommandSettings from "./CommandSettings.ts"
import { json } from "./JsonFlag.ts"
import * as SpoolListing from "./SpoolListing.ts"
import { counted } from "./TextTable.ts"

const endpoint = CommandSettings.variable("endpoint", "TRACING_ENDPOINT", "Where OTLP goes")

const timeout = CommandSettings.duration("timeout").pipe(
  Flag.withDescription('How long to try, in milliseconds or as "5 minutes"; TRACING_SHUTDOWN_TIMEOUT comes on top'),
  Flag.withDefault(Duration.minutes(1))
)

/** In words, for people; each sentence only where there is something to say. */
const told = (drained: SpoolDrain.Drained, living: number, destination: string): ReadonlyArray<string> => [
  `Sent ${counted(drained.sent, "span")} to ${destination}.`,
  ...(drained.refused > 0 ? [`Refused for good, and deleted: ${counted(drained.refused, "span")}.`] : []),
  ...Object.entries(drained.dropped).map(([reason, spans]) => `Lost (${reason}): ${counted(spans, "span")}.`),
  ...(drained.left > 0 ? [`Left on disk: ${counted(drained.left, "span")}.`] : []),
  ...(drained.locked > 0 ? [`Of these written with another key: ${counted(drained.locked, "span")}.`] : []),
  ...(living > 0 ? [`Left to processes that are alive, and deliver them themselves: ${counted(living, "span")}.`] : [])
]

const nowhere = new CommandFailure({
  reason: "Refused",
  message: "There is nowhere to send to: TRACING_EXPORTER is none. Set it to otlp, zipkin, jaeger, file or console."
})

/** With spans left, another drain may send them; those that are lost are gone. */
const judge = ({ dropped, errors, left, locked, refused }: SpoolDrain.Drained): Effect.Effect<void, CommandFailure> => {
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, refused)
  if (left > 0) {
    const advice =
      left === locked
        ? "Set TRACING_SPOOL_KEY to the key they were written with, and run this again."
        : "Run this again when the destination takes spans, or with a longer --timeout."
    const message = [`Not all was sent: ${counted(left, "span")} left on disk.`, ...errors, advice].join(" ")
    return Effect.fail(new CommandFailure({ reason: "Left", message }))
  }
  if (lost === 0) return Effect.void
  const message = [`Not all was sent: ${counted(lost, "span")} refused or lost.`, ...errors].join(" ")
  return Effect.fail(new CommandFailure({ reason: "Lost", message }))
}

export const command = Command.make(
  "drain",
  { directory: ChosenSpool.directory, endpoint, timeout, json },
  Effect.fnUntraced(function* ({ directory, endpoint, json, timeout }) {
    const chosen = yield* ChosenSpool.find(directory, { TRACING_ENDPOINT: endpoint })
    const { settings, spool } = chosen
    if (settings.exporters.length === 0) return yield* nowhere
    const isThere = ChosenSpool.isThere(chosen)
    if (!isThere && !json) return yield* Console.log(ChosenSpool.absence(chosen))
    const drained = isThere
      ? yield* SpoolDrain.run(settings, spool, timeout).pipe(Effect.mapError(CommandSettings.refused))
      : SpoolDrain.nothing
    const living = SpoolListing.waiting(SpoolListing.ofTheLiving(yield* ChosenSpool.look(chosen)))
    const destination = settings.exporters.map((name) => StartLine.endpointOf(name, settings) ?? name).join(", ")
    yield* Console.log(
      json ? JSON.stringify({ ...drained, living, destination }) : told(drained, living, destination).join("\n")
    )
    yield* judge(drained)
  })
).pipe(
  Command.withDescription(
    "Send what processes that are gone have left to the configured destination. Exits with 0 when nothing of that is " +
      "left, with 2 when some is, with 3 when some was refused or lost."
  )
)
