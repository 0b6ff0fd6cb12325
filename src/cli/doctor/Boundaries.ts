/**
 * What would cut a trace in two where it crosses a boundary: formats, trust, and who is handed the context.
 */
import * as Effect from "effect/Effect"
import { CarrierLines } from "../../propagation/CarrierLines.ts"
import * as Propagator from "../../propagation/Propagator.ts"
import type { Check, Finding } from "./Check.ts"
import type { Setup } from "./Setup.ts"

/** The specification's own example. */
const example = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  traceFlags: 1,
  traceState: ""
}

const propagators = ({ settings }: Setup): Finding => {
  const names = settings.propagators
  const key = settings.sources.propagators ?? "TRACING_PROPAGATORS"
  const check = "boundaries.propagators"
  const propagator = Propagator.all(names.map((name) => Propagator.named[name]))
  const written = propagator.inject({ span: example, baggage: new Map() })
  const tried = "to write a context into headers and to read it back"
  const seen = `${names.join(", ") || "no format"}: ${Object.keys(written).join(", ") || "no header"}`
  if (propagator.extract(new CarrierLines(written)).span?.traceId !== example.traceId) {
    return {
      check,
      severity: "warning",
      summary: "No trace goes beyond this program: no format carries its ids",
      tried,
      seen,
      advice: `Set ${key}=tracecontext,baggage, or take it away.`
    }
  }
  return names.includes("tracecontext")
    ? { check, severity: "ok", summary: "Contexts travel in W3C's format", tried, seen }
    : {
        check,
        severity: "warning",
        summary: "Services that speak W3C trace context alone, as most do, do not join these traces",
        tried,
        seen,
        advice: `Add tracecontext: ${key}=tracecontext,${names.join(",")}.`
      }
}

const trust = ({ settings }: Setup): ReadonlyArray<Finding> => {
  const { kind, peers, secret } = settings.trust
  const found = { check: "boundaries.trust", tried: "to find whose trace is continued" }
  if (kind !== "public")
    return [{ ...found, severity: "ok", summary: "Every caller's trace is continued", seen: kind ?? "by default" }]
  if (peers.length > 0 || secret !== undefined) {
    const who = [peers.join(", "), secret === undefined ? "" : "whoever knows the secret"].filter((part) => part !== "")
    return [
      {
        ...found,
        severity: "ok",
        summary: "The traces of chosen callers are continued",
        seen: `public, but for ${who.join(" and ")}`
      }
    ]
  }
  return [
    {
      ...found,
      severity: "warning",
      summary: "No caller's trace is continued: every request begins a trace of its own",
      seen: "TRACING_TRUST is public, and no peers are named",
      advice:
        "Right for a server that strangers reach. For calls of your own services, name their networks in TRACING_TRUSTED_PEERS, or share a TRACING_TRUST_SECRET."
    }
  ]
}

const egress = ({ settings }: Setup): ReadonlyArray<Finding> =>
  settings.propagateTo?.length === 0
    ? [
        {
          check: "boundaries.egress",
          severity: "warning",
          summary: "No other service is handed the context, so traces end with this one",
          tried: "to find who is handed the context",
          seen: "TRACING_PROPAGATE_TO is none",
          advice: "Take it away for hosts of your own network, or name the hosts."
        }
      ]
    : settings.propagateTo === undefined
      ? [
          {
            check: "boundaries.egress",
            severity: "ok",
            summary: "Hosts of one's own network are handed the context",
            tried: "to find who is handed the context",
            seen: "TRACING_PROPAGATE_TO is not set; services of yours under public names have to be named there"
          }
        ]
      : []

const ignored = ({ settings }: Setup): ReadonlyArray<Finding> =>
  settings.http.ignore.some((path) => path === "/*")
    ? [
        {
          check: "boundaries.ignored",
          severity: "warning",
          summary: "No HTTP request is traced: all paths are left out",
          tried: "to find which requests are left out",
          seen: `TRACING_HTTP_IGNORE is ${settings.http.ignore.join(",")}`,
          advice: "Name the paths that are meant, such as /health."
        }
      ]
    : []

/** Whether a trace stays whole where it enters and leaves. */
export const check = (setup: Setup): Check => ({
  name: "boundaries",
  run: Effect.sync(() => [propagators(setup), ...trust(setup), ...egress(setup), ...ignored(setup)])
})
