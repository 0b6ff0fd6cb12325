/**
 * `gorax-tracing explain`: says what became of a trace.
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Report from "./doctor/Report.ts"
import * as Setup from "./doctor/Setup.ts"
import * as Explanation from "./explain/Explanation.ts"
import { json } from "./JsonFlag.ts"
import * as QueryFlag from "./QueryFlag.ts"
import * as Screen from "./Screen.ts"

const shape = /^(?:[0-9a-f]{2}-)?((?!0{32})[0-9a-f]{32})(?:-[0-9a-f]{16}-([0-9a-f]{2}))?$/i

/** As it stands in logs and backends, or in a `traceparent`. */
const traceIn = (text: string): Option.Option<Explanation.AskedTrace> =>
  Option.map(Option.fromNullishOr(shape.exec(text)), ([, id = "", flags = "0"]) => ({
    traceId: id.toLowerCase(),
    callerSampled: (Number.parseInt(flags, 16) & 1) === 1
  }))

const trace = Argument.String("trace-id").pipe(
  Argument.withDescription("32 hexadecimal digits, or a traceparent"),
  Argument.filterMap(traceIn, () => "32 hexadecimal digits that are not all 0, or a traceparent")
)

export const command = Command.make(
  "explain",
  { trace, query: QueryFlag.query, json },
  Effect.fnUntraced(function* ({ json, query, trace }) {
    const setup = yield* Setup.read({ folder: process.cwd(), nodeVersion: process.version })
    const explanation = yield* Explanation.make(setup, trace, Option.getOrUndefined(query))
    const screen = yield* Screen.options
    yield* Console.log(json ? JSON.stringify(explanation) : Report.draw(explanation, { ...screen, verbose: true }))
    if (explanation.fate === "unknown") return yield* new Screen.BadNews()
  })
).pipe(
  Command.withDescription(
    "Say what became of a trace: kept, waiting or left out, where and why. Asks the backend, the spool, and the program " +
      "at TRACING_HEALTH_URL. Exits with 0 when that is known, with 2 when nobody knows."
  )
)
