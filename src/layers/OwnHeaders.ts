/**
 * Headers that the program itself knows, as an effect: a token that it fetches, or keeps anyway.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { type Headers, RotatingHeaders } from "../export/RotatingHeaders.ts"
import * as SensitiveKeys from "../model/SensitiveKeys.ts"
import * as SettingRule from "./SettingRule.ts"

/** Names in any case. Runs untraced, within the deadline of the request that needs them. */
export type OwnHeaders = Effect.Effect<Redacted.Redacted<Headers>, unknown>

const usable = (headers: Headers): Effect.Effect<Headers, string> => {
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const wrong = named.find(([name, value]) => !SettingRule.isHeader(name, value))
  return wrong === undefined
    ? Effect.succeed(Object.fromEntries(named))
    : Effect.fail(`${JSON.stringify(wrong[0].slice(0, 64))} is no header, or its value none that HTTP and gRPC take`)
}

/**
 * Is asked for the first time by the first request: who gives out tokens may well be away when the program starts, and the
 * program starts. Until there are any, `fixed` are sent.
 */
export const make = (ask: OwnHeaders, fixed: Redacted.Redacted<Headers>): RotatingHeaders =>
  new RotatingHeaders(
    {
      name: "the program itself",
      ask: Effect.suspend(() => ask).pipe(
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause)
            ? Effect.interrupt
            : Effect.fail(`it fails with ${SensitiveKeys.redactText(String(Cause.squash(cause)), 200)}`)
        ),
        Effect.flatMap((headers) => usable(Redacted.value(headers))),
        Effect.map((headers) => Redacted.make({ ...Redacted.value(fixed), ...headers }))
      )
    },
    fixed
  )
