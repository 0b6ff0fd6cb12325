/**
 * Proxies: those that are set and not used, and those that answer in the place of a receiver.
 */
import * as Effect from "effect/Effect"
import type { Check, Finding } from "./Check.ts"
import type { Destination } from "./Destination.ts"
import type { Setup } from "./Setup.ts"
import type * as Wire from "./Wire.ts"

/** A proxy, without the credentials that its URL may hold. */
export interface Proxy {
  /** The variable that names it. */
  readonly key: string
  readonly shown: string
}

const withoutCredentials = (text: string): string => {
  const [, scheme = "", rest = ""] = /^([a-z][a-z0-9+.-]*:\/\/)?(.*)$/is.exec(text) ?? []
  return scheme + rest.slice(rest.lastIndexOf("@") + 1).replace(/[/?#].*$/s, "")
}

const isExempt = (host: string, list: string): boolean =>
  list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .map((entry) => entry.replace(/^\*?\.?/, "").replace(/:\d+$/, ""))
    .some((entry) => entry === "" || host === entry || host.endsWith(`.${entry}`))

/** The proxy that most programs would use for this host; `undefined` where they would use none. */
export const meantFor = ({ surroundings }: Setup, host: string, isTls: boolean): Proxy | undefined => {
  if (isExempt(host.toLowerCase(), surroundings["NO_PROXY"] ?? surroundings["no_proxy"] ?? "")) return undefined
  if (/^(localhost|127\..*|::1)$/.test(host)) return undefined
  const wanted = isTls ? ["HTTPS_PROXY", "https_proxy"] : ["HTTP_PROXY", "http_proxy"]
  const key = [...wanted, "ALL_PROXY", "all_proxy"].find((name) => surroundings[name] !== undefined)
  return key === undefined ? undefined : { key, shown: withoutCredentials(surroundings[key]!) }
}

/** Says that exporters go straight to a receiver although there is a proxy. */
export const check = (setup: Setup, destinations: ReadonlyArray<Destination>): Check => ({
  name: "proxy",
  run: Effect.succeed(
    destinations.flatMap(({ display, host, isTls }): ReadonlyArray<Finding> => {
      const proxy = meantFor(setup, host, isTls)
      return proxy === undefined
        ? []
        : [
            {
              check: "proxy",
              severity: "note",
              summary: `Spans do not go through the proxy of ${proxy.key}`,
              tried: `to find the proxy that ${display} would be reached through`,
              seen: `${proxy.key}=${proxy.shown}, and exporters connect by themselves`,
              advice: `Nothing, where the receiver can be reached without it. Else set up a collector on this side of the proxy. NO_PROXY=${host} says that it is meant.`
            }
          ]
    })
  )
})

const gatewayTrouble: ReadonlySet<number> = new Set([502, 503, 504])

/** What tells that a proxy answered in the place of the receiver; `undefined` where nothing does. */
export const inBetween = ({ headers, status }: Wire.Answer): string | undefined => {
  if (headers["x-squid-error"] !== undefined) return `x-squid-error: ${String(headers["x-squid-error"])}`
  if (status === 407 || headers["proxy-authenticate"] !== undefined) return "it asks for the credentials of a proxy"
  return gatewayTrouble.has(status) && headers.via !== undefined ? `via: ${headers.via}` : undefined
}
