/**
 * Whose trace context is believed.
 *
 * Whoever may begin a trace with us decides what is recorded, what ids it has
 * and what baggage our services read. From the public nobody may: such a
 * request begins a trace of its own, which links to the context it claimed.
 */
import { createHash, timingSafeEqual } from "node:crypto"
import type * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { nothing, type PropagatedContext } from "../model/Propagator.ts"
import { type Sender, TrustPolicy } from "../model/References.ts"
import type * as SpanContext from "../model/SpanContext.ts"
import * as Carrier from "./Carrier.ts"
import * as PeerNetwork from "./PeerNetwork.ts"

/** Believes everybody. */
export const everybody: TrustPolicy = () => true

export interface IngressOptions {
  /** Networks whose addresses are believed. */
  readonly peers: ReadonlyArray<string>
  /** A header that proves a sender. */
  readonly header: string
  /** What the header must hold. Compared in constant time. */
  readonly secret: Redacted.Redacted | undefined
  /** Believes others besides. One that throws believes nobody. */
  readonly trusts?: TrustPolicy | undefined
}

/** Believes those who come from one of the networks, know the secret or satisfy the predicate; nobody else. */
export const make = ({ header, peers, secret, trusts }: IngressOptions): TrustPolicy => {
  const isPeer = PeerNetwork.within(peers)
  const proof = secret === undefined ? undefined : digest(Redacted.value(secret))
  return (sender) =>
    (sender.address !== undefined && peers.length > 0 && isPeer(sender.address)) ||
    (proof !== undefined && proves(sender.header(header), proof)) ||
    (trusts !== undefined && asked(trusts, sender))
}

/** Digests are of one length, so that the time of comparing them tells nothing of the secret. */
const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

const proves = (given: string | undefined, proof: Buffer): boolean =>
  given !== undefined && timingSafeEqual(digest(given), proof)

const asked = (policy: TrustPolicy, sender: Sender): boolean => {
  try {
    return policy(sender)
  } catch {
    return false
  }
}

/** What comes in with a request: a context to continue, or one to link to. */
export interface Incoming {
  readonly continued: PropagatedContext
  readonly claimed: SpanContext.SpanContext | undefined
}

/**
 * Reads what a request's headers carry, as far as its sender is believed. Of one who is not, nothing counts: neither its
 * ids and its decision, nor its state, its baggage or its wish not to be recorded.
 */
export const receive = (
  fiber: Fiber.Fiber<unknown, unknown>,
  headers: Carrier.Carrier,
  sender: () => Sender
): Incoming => {
  const carried = Carrier.extractFor(fiber, headers)
  const policy = fiber.getRef(TrustPolicy)
  return policy === undefined || policy === everybody || asked(policy, sender())
    ? { continued: carried, claimed: undefined }
    : { continued: nothing, claimed: carried.span && { ...carried.span, traceState: "" } }
}
