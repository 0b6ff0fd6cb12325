/**
 * What else changes how a program reaches a receiver: variables of Node.
 */
import * as Effect from "effect/Effect"
import type { Check } from "./Check.ts"
import type { Setup } from "./Setup.ts"

export const check = ({ surroundings }: Setup): Check => ({
  name: "surroundings",
  run: Effect.succeed(
    surroundings["NODE_TLS_REJECT_UNAUTHORIZED"] === "0"
      ? [
          {
            check: "surroundings.tls",
            severity: "warning",
            summary: "NODE_TLS_REJECT_UNAUTHORIZED=0 lets anybody pass for the receiver",
            tried: "to read the variables of Node",
            seen: "it is 0",
            advice: "Take it away, and name the authority in TRACING_CERTIFICATE."
          }
        ]
      : []
  )
})
