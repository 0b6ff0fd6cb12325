/**
 * The way to a destination, step by step: name, connection, TLS, language, a test span, and finding it again.
 *
 * Where a step fails, those behind it have nothing to say, and are not tried.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as JaegerAgent from "../../export/JaegerAgent.ts"
import type { OtlpTls } from "../../export/OtlpTransport.ts"
import * as TlsFiles from "../../layers/TlsFiles.ts"
import type { SpanData } from "../../model/SpanData.ts"
import * as Certificate from "./Certificate.ts"
import { type Check, type Finding, type Step, Steps } from "./Check.ts"
import * as ClockSkew from "./ClockSkew.ts"
import * as Destination from "./Destination.ts"
import * as Proxies from "./Proxies.ts"
import * as Reach from "./Reach.ts"
import * as ReadBack from "./ReadBack.ts"
import type { Setup } from "./Setup.ts"
import * as Speech from "./Speech.ts"
import * as TestSpan from "./TestSpan.ts"

const clock = (destination: Destination.Destination, answer: Speech.Spoken): Effect.Effect<Step<true>> =>
  answer === "grpc"
    ? Effect.succeed({ found: [], next: true })
    : Effect.map(Clock.currentTimeMillis, (now) => ({ found: ClockSkew.look(destination, answer, now), next: true }))

const readBack = (
  destination: Destination.Destination,
  span: SpanData,
  query: URL | undefined
): Effect.Effect<Step<true>> => Effect.map(ReadBack.look(destination, span, query), (found) => ({ found, next: true }))

const way = (setup: Setup, destination: Destination.Destination, query: URL | undefined): Check => {
  const steps = new Steps()
  return steps.toCheck(
    `the way to ${destination.display}`,
    Effect.gen(function* () {
      yield* steps.take(Reach.look(destination, setup))
      yield* steps.take(Certificate.look(destination))
      const answer = yield* steps.take(Speech.look(destination))
      yield* steps.take(clock(destination, answer))
      const span = yield* steps.take(TestSpan.send(setup, destination))
      yield* steps.take(readBack(destination, span, query))
    })
  )
}

const unanswered = (setup: Setup): ReadonlyArray<Check> => {
  const agent = setup.settings.jaegerAgent
  if (agent === undefined || !setup.settings.exporters.includes("jaeger")) return []
  const found: Finding = {
    check: "destination.agent",
    severity: "note",
    summary: "Nobody answers over UDP, so nothing can be said of the Jaeger agent",
    tried: "to find where jaeger sends to",
    seen: JaegerAgent.display(agent),
    advice: "TRACING_JAEGER_ENDPOINT sends over HTTP, where a collector answers."
  }
  return [{ name: "destination jaeger", run: Effect.succeed([found]) }]
}

const certificates = Effect.fnUntraced(function* ({ settings }: Setup) {
  return yield* Effect.match(TlsFiles.read(settings), {
    onSuccess: (tls): { readonly tls: OtlpTls; readonly found: ReadonlyArray<Finding> } => ({ tls, found: [] }),
    onFailure: ({ problems }) => ({
      tls: {},
      found: problems.map(({ key, rule, value }): Finding => ({
        check: "destination.certificates",
        severity: "problem",
        summary: `${key} names a file that is no use`,
        tried: `to read the file of ${key}`,
        seen: value,
        advice: `It must be ${rule}. The program does not start with it.`
      }))
    })
  })
})

/** One check for each destination, and what stands around the way there. */
export const checks = Effect.fnUntraced(function* (setup: Setup, query: URL | undefined) {
  const { found, tls } = yield* certificates(setup)
  const destinations = Destination.all(setup, tls)
  const files: Check = { name: "certificates", run: Effect.succeed(found) }
  return [
    files,
    ...destinations.map((destination) => way(setup, destination, query)),
    ...unanswered(setup),
    Proxies.check(setup, destinations)
  ]
})
