/**
 * Which hosts may be handed the trace context.
 *
 * A trace id tells a third party nothing it needs, and baggage may tell it
 * too much, so by default only hosts of one's own network are handed either.
 */
import type * as Fiber from "effect/Fiber"
import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"
import { EgressPolicy } from "../model/References.ts"

const ownNetworks = [
  // The unspecified addresses reach this machine; a server that listens on all of them says so in its URL.
  "0.0.0.0/32",
  "::/128",
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "100.64.0.0/10",
  "::1/128",
  "fc00::/7",
  "fe80::/10"
].map((network) => Result.getOrThrow(IpNetwork.fromString(network)))

const ownSuffixes = [".internal", ".local", ".svc", ".localhost"]

const bareHost = (url: URL): string =>
  url.hostname
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .toLowerCase()

/** Loopback and private addresses, names without a dot, and names under `internal`, `local` and `svc`. */
export const isOwnNetwork = (url: URL): boolean => {
  const host = bareHost(url)
  const address = NetAddress.ipFromString(host)
  if (Result.isSuccess(address)) {
    const canonical = NetAddress.toCanonical(address.success)
    return ownNetworks.some((network) => IpNetwork.contains(network, canonical))
  }
  return !host.includes(".") || ownSuffixes.some((suffix) => host.endsWith(suffix))
}

/**
 * A policy from a list: an origin (`https://api.example.com`), a host (`api.example.com`), all hosts under a name
 * (`*.example.com`), or everything (`*`).
 */
export const make = (allowed: ReadonlyArray<string>): ((url: URL) => boolean) => {
  const rules = allowed.map((entry) => entry.trim().toLowerCase())
  return (url) => {
    const host = bareHost(url)
    return rules.some(
      (rule) =>
        rule === "*" ||
        rule === host ||
        rule === url.origin ||
        (rule.startsWith("*.") && host.endsWith(rule.slice(1)) && host.length > rule.length - 1)
    )
  }
}

/** True when the current policy lets a URL have the context; {@link isOwnNetwork} where no layer says otherwise. */
export const isAllowed = (fiber: Fiber.Fiber<unknown, unknown>, url: URL): boolean =>
  (fiber.getRef(EgressPolicy) ?? isOwnNetwork)(url)
