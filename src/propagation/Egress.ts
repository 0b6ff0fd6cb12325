/**
 * Which hosts may be handed the trace context, and which of them the baggage.
 *
 * A trace id tells a third party nothing it needs, and baggage may tell it
 * too much, so by default only hosts of one's own network are handed either.
 */
import type * as Fiber from "effect/Fiber"
import type { Baggage } from "../model/Propagator.ts"
import { CurrentBaggage, CurrentPropagator, EgressPolicy } from "../model/References.ts"
import * as SpanContext from "../model/SpanContext.ts"
import * as Carrier from "./Carrier.ts"
import * as PeerNetwork from "./PeerNetwork.ts"

const isOwnAddress = PeerNetwork.within([
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
])

const ownSuffixes = [".internal", ".local", ".svc", ".localhost"]
const schemes: ReadonlySet<string> = new Set(["http:", "https:", "ws:", "wss:"])
const numericHost = /^[0-9.]+$|:/

/** The host in the form that `URL` gives to all ways of writing it; addresses without brackets, names without the root's dot. */
const hostOf = (url: URL): string => {
  const host = url.hostname
  if (host.startsWith("[")) return PeerNetwork.canonical(host.slice(1, -1))
  return host.endsWith(".") ? host.slice(0, -1) : host
}

/** Loopback and private addresses, names without a dot, and names under `internal`, `local` and `svc`. */
export const isOwnNetwork = (url: URL): boolean => {
  if (!schemes.has(url.protocol)) return false
  const host = hostOf(url)
  if (host === "" || host.includes("..")) return false
  if (numericHost.test(host)) return isOwnAddress(host)
  return !host.includes(".") || ownSuffixes.some((suffix) => host.endsWith(suffix) && host.length > suffix.length)
}

/** One entry of a list, as a question about URLs. */
type Rule = (url: URL) => boolean

const entryShape = /^(?:(https?|wss?):\/\/)?(\*\.)?([^/?#@\\\s*]+?)(?::(\d{1,5}))?$/i

const portOf = (url: URL): string =>
  url.port !== "" ? url.port : url.protocol === "https:" || url.protocol === "wss:" ? "443" : "80"

const ruleOf = (entry: string): Rule | undefined => {
  if (entry === "*") return (url) => schemes.has(url.protocol)
  if (entry.toLowerCase() === "own") return isOwnNetwork
  const [, scheme, wildcard, name = "", port] = entryShape.exec(entry) ?? []
  const origin = `${scheme ?? "http"}://${name}`
  if (name === "" || !URL.canParse(origin) || Number(port ?? 1) > 65_535 || port === "0") return undefined
  const wanted = new URL(origin)
  const host = hostOf(wanted)
  // An origin without a port means its scheme's; a bare host means any
  const wantedPort = port === undefined ? (scheme === undefined ? undefined : portOf(wanted)) : String(Number(port))
  if (host === "" || host.startsWith(".") || host.includes("..") || wanted.pathname !== "/") return undefined
  if (wildcard !== undefined && numericHost.test(host)) return undefined
  return (url) => {
    if (!schemes.has(url.protocol) || (scheme !== undefined && url.protocol !== wanted.protocol)) return false
    if (wantedPort !== undefined && portOf(url) !== wantedPort) return false
    const asked = hostOf(url)
    return wildcard === undefined
      ? asked === host
      : asked.endsWith(`.${host}`) && asked.length > host.length + 1 && !asked.startsWith(".")
  }
}

/** True for what {@link hosts} understands. */
export const isEntry = (entry: string): boolean => ruleOf(entry.trim()) !== undefined

/**
 * A question about URLs from a list: an origin (`https://api.example.com`), a host on any port (`api.example.com`) or on
 * one (`api.example.com:8443`), all hosts below a name (`*.example.com`), hosts of one's own network (`own`), or
 * everybody (`*`). What is none of these lets nobody in.
 */
export const hosts = (allowed: ReadonlyArray<string>): ((url: URL) => boolean) => {
  const rules = allowed.map((entry) => ruleOf(entry.trim())).filter((rule) => rule !== undefined)
  return (url) => rules.some((rule) => rule(url))
}

export interface EgressOptions {
  /** A list as in {@link hosts}; `undefined` is hosts of one's own network. */
  readonly to: ReadonlyArray<string> | undefined
  /** Names of baggage, `*` for all; `undefined` is all of it in one's own network, and none beyond. */
  readonly baggage: ReadonlyArray<string> | undefined
}

export const make = ({ baggage, to }: EgressOptions): EgressPolicy => ({
  context: to === undefined ? isOwnNetwork : hosts(to),
  baggage: baggage === undefined ? (_, url) => isOwnNetwork(url) : named(baggage)
})

const named = (names: ReadonlyArray<string>): EgressPolicy["baggage"] => {
  const known = new Set(names)
  return known.has("*") ? () => true : (name) => known.has(name)
}

/** What holds where no layer says otherwise. */
export const ownNetwork: EgressPolicy = make({ to: undefined, baggage: undefined })

const policyOf = (fiber: Fiber.Fiber<unknown, unknown>): EgressPolicy => fiber.getRef(EgressPolicy) ?? ownNetwork

/** What becomes of a request's headers on its way to one URL. */
export interface HeaderChange {
  readonly remove: ReadonlyArray<string>
  readonly write: Readonly<Record<string, string>>
}

const nothing: Readonly<Record<string, string>> = {}

/**
 * The change that puts the fiber's context into a request's headers, or takes every context out of them where the URL
 * may have none. A policy that throws says no.
 *
 * The headers may be those that went to another URL before, with all that was allowed there. A request's own baggage
 * stays where the fiber has none; an old trace context never stays beside a new one.
 */
export const changeFor = (fiber: Fiber.Fiber<unknown, unknown>, url: URL): HeaderChange => {
  const propagator = propagatorOf(fiber)
  const span = SpanContext.visible(fiber.cache.span)
  const context = span === undefined ? undefined : SpanContext.fromSpan(span)
  const baggage = fiber.getRef(CurrentBaggage)
  const all = propagator.inject({ span: context, baggage })
  const kept = baggageTo(policyOf(fiber), baggage, url)
  if (kept === undefined) return { remove: [...propagator.fields, ...Object.keys(all)], write: nothing }
  const write = kept.size === baggage.size ? all : propagator.inject({ span: context, baggage: kept })
  const names = Object.keys(all)
  const hasSpan = names.some((name) => name !== "baggage")
  const stale = hasSpan ? propagator.fields.filter((name) => name !== "baggage") : []
  return { remove: [...stale, ...names], write }
}

/** The baggage that may go to a URL; `undefined` where no context may. */
const baggageTo = (policy: EgressPolicy, baggage: Baggage, url: URL): Baggage | undefined => {
  try {
    if (!policy.context(url)) return undefined
    return baggage.size === 0 ? baggage : new Map([...baggage].filter(([name]) => policy.baggage(name, url)))
  } catch {
    return undefined
  }
}

const propagatorOf = (fiber: Fiber.Fiber<unknown, unknown>) =>
  fiber.getRef(CurrentPropagator) ?? Carrier.defaultPropagator
