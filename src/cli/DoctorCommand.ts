/**
 * `gorax-tracing doctor`: says why no trace appears, and what to do.
 */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import * as Diagnosis from "./doctor/Diagnosis.ts"
import * as Report from "./doctor/Report.ts"
import * as Setup from "./doctor/Setup.ts"
import { json } from "./JsonFlag.ts"

/** There is a problem. What it is has been said. */
class ProblemFound extends Schema.TaggedError<ProblemFound>()("ProblemFound", {}) {
  override readonly [Runtime.errorExitCode] = 2
  /** Nobody else need say anything. */
  override readonly [Runtime.errorReported] = false
}

const query = Flag.String("query").pipe(
  Flag.withDescription("Where traces can be asked for: http://jaeger:16686, http://tempo:3200, http://zipkin:9411"),
  Flag.filterMap(
    (text) => (URL.canParse(text) ? Option.some(new URL(text)) : Option.none()),
    () => "a URL, such as http://jaeger:16686"
  ),
  Flag.optional
)

const verbose = Flag.Boolean("verbose").pipe(
  Flag.withDescription("Also what was tried and seen where all is well"),
  Flag.withDefault(false)
)

/** What the terminal can show; Node itself heeds `NO_COLOR`. */
const looks = Effect.sync(() => ({
  colour: process.stdout.isTTY && process.stdout.hasColors(),
  width: Math.min(process.stdout.columns ?? 120, 120)
}))

export const command = Command.make(
  "doctor",
  { query, verbose, json },
  Effect.fnUntraced(function* ({ json, query, verbose }) {
    const setup = yield* Setup.read({ folder: process.cwd(), nodeVersion: process.version })
    const diagnosis = yield* Diagnosis.make(setup, Option.getOrUndefined(query))
    yield* Console.log(json ? Report.toJson(diagnosis) : Report.draw(diagnosis, { ...(yield* looks), verbose }))
    if (diagnosis.severity === "problem") return yield* new ProblemFound()
  })
).pipe(
  Command.withDescription(
    "Say why no trace appears, and what to do. Run it where the program runs, with its variables. Sends a test span. " +
      "Exits with 2 when there is a problem, with 0 when there is none; warnings are none."
  )
)
