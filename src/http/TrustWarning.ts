/**
 * The one line that a server on a public address deserves when nobody has said whom it trusts.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { isOff } from "../internal/spanCombinator.ts"
import { TrustPolicy } from "../model/References.ts"
import * as PeerNetwork from "../propagation/PeerNetwork.ts"

/** True where contexts are continued from beyond this machine, only because nobody has said anything about it. */
export const isDue = (fiber: Fiber.Fiber<unknown, unknown>, address: string | undefined): boolean =>
  address !== undefined && !isOff(fiber) && fiber.getRef(TrustPolicy) === undefined && !PeerNetwork.isLoopback(address)

export const log = (address: string): Effect.Effect<void> =>
  Effect.logWarning(
    "Tracing continues the trace of whoever sends a request. TRACING_TRUST=public begins a new trace for each, which is " +
      "right for a server that strangers reach; TRACING_TRUST=trusted says that none do, and keeps this line away."
  ).pipe(Effect.annotateLogs({ address }))
