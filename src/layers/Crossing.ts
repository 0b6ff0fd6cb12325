/**
 * What the settings say about boundaries, as values of the fiber: formats, trust, and what HTTP spans hold.
 */
import * as Context from "effect/Context"
import { HttpRecording } from "../model/HttpRecording.ts"
import * as References from "../model/References.ts"
import * as BaggageHeader from "../propagation/BaggageHeader.ts"
import * as Egress from "../propagation/Egress.ts"
import * as Ingress from "../propagation/Ingress.ts"
import * as PeerNetwork from "../propagation/PeerNetwork.ts"
import * as Propagator from "../propagation/Propagator.ts"
import type { HttpSetting, TracingConfig, TrustSetting } from "./TracingConfig.ts"

const propagator = ({ baggage, propagators }: TracingConfig): Propagator.Propagator => {
  const named = { ...Propagator.named, baggage: BaggageHeader.make(baggage.maxBytes) }
  return Propagator.all(propagators.map((name) => named[name]))
}

/** A predicate of the user's decides alone where the settings say nothing, and besides them where they do. */
const trust = (setting: TrustSetting, trusts: References.TrustPolicy | undefined): References.TrustPolicy | undefined =>
  setting.kind === "trusted"
    ? Ingress.everybody
    : setting.kind === undefined && trusts === undefined
      ? undefined
      : Ingress.make({ ...setting, trusts })

const ignoring = (paths: ReadonlyArray<string>): HttpRecording["ignores"] => {
  if (paths.length === 0) return undefined
  const exact = new Set(paths)
  const prefixes = paths.filter((path) => path.endsWith("*")).map((path) => path.slice(0, -1))
  return (path) => exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix))
}

const http = (setting: HttpSetting, trustHeader: string): HttpRecording => ({
  requestHeaders: setting.requestHeaders,
  responseHeaders: setting.responseHeaders,
  secretHeaders: [trustHeader],
  bodySizes: setting.bodySizes,
  serverTiming: setting.serverTiming,
  ignores: ignoring(setting.ignore),
  trustsProxy: setting.trustedProxies.length === 0 ? undefined : PeerNetwork.within(setting.trustedProxies)
})

/** What crosses boundaries the same way whoever records the spans, and whether or not they are. */
export const context = (settings: TracingConfig, trusts?: References.TrustPolicy): Context.Context<never> =>
  Context.make(References.CurrentPropagator, propagator(settings)).pipe(
    Context.add(References.BaggageAttributes, settings.baggage.attributes),
    Context.add(References.EgressPolicy, Egress.make({ to: settings.propagateTo, baggage: settings.propagateBaggage })),
    Context.add(References.TrustPolicy, trust(settings.trust, trusts)),
    Context.add(HttpRecording, http(settings.http, settings.trust.header)),
    Context.add(References.AttributeProfile, settings.attributeProfile)
  )
