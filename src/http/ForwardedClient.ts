/**
 * Who the client is, and how it called the server, as trusted proxies tell it.
 *
 * Anybody can write these headers, so they are read only when the connection
 * comes from a proxy that was named, and only as far as the first address that
 * no such proxy vouches for.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7239
 */
import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"

export interface ForwardedClient {
  readonly address: string
  readonly scheme: "http" | "https" | undefined
  readonly host: string | undefined
}

interface Hop {
  readonly address: string | undefined
  readonly scheme: string | undefined
  readonly host: string | undefined
}

type HeadersOf = Readonly<Record<string, string | undefined>>

const mostHops = 32

/** The nearest client that is no trusted proxy; `undefined` where the proxies say nothing that can be read. */
export const from = (headers: HeadersOf, trustsProxy: (address: string) => boolean): ForwardedClient | undefined => {
  const hops = fromForwarded(headers["forwarded"]) ?? fromLegacy(headers)
  for (let index = hops.length - 1; index >= 0; index--) {
    const { address, host, scheme } = hops[index]!
    if (address === undefined) return undefined
    if (index > 0 && trustsProxy(address)) continue
    return { address, host, scheme: scheme === "http" || scheme === "https" ? scheme : undefined }
  }
  return undefined
}

const listOf = (value: string | undefined): ReadonlyArray<string> =>
  value === undefined
    ? []
    : value
        .split(",")
        .slice(-mostHops)
        .map((entry) => entry.trim())

/** `for=192.0.2.60;proto=https;host=example.com`; a name that is hidden or unknown is no address. */
const fromForwarded = (value: string | undefined): ReadonlyArray<Hop> | undefined => {
  if (value === undefined) return undefined
  return listOf(value).map((element) => {
    const pairs = new Map(
      element.split(";").map((pair) => {
        const equals = pair.indexOf("=")
        return [pair.slice(0, Math.max(equals, 0)).trim().toLowerCase(), unquoted(pair.slice(equals + 1).trim())]
      })
    )
    return {
      address: addressOf(pairs.get("for")),
      scheme: pairs.get("proto")?.toLowerCase(),
      host: pairs.get("host")
    }
  })
}

const fromLegacy = (headers: HeadersOf): ReadonlyArray<Hop> => {
  const addresses = listOf(headers["x-forwarded-for"])
  const schemes = listOf(headers["x-forwarded-proto"])
  const hosts = listOf(headers["x-forwarded-host"])
  // One value is what the nearest proxy wrote; a list has one for every address, or means nothing
  const at = (values: ReadonlyArray<string>, index: number): string | undefined =>
    values.length === 1 ? values[0] : values.length === addresses.length ? values[index] : undefined
  return addresses.map((address, index) => ({
    address: addressOf(address),
    scheme: at(schemes, index)?.toLowerCase(),
    host: at(hosts, index)
  }))
}

const unquoted = (text: string): string => (/^".*"$/.test(text) ? text.slice(1, -1) : text)

/** An address without its port and brackets. */
const addressOf = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text
  const address = NetAddress.ipFromString(bare)
  if (Result.isSuccess(address)) return NetAddress.formatIp(NetAddress.toCanonical(address.success))
  const withPort = NetAddress.inetAddressFromIpString
  const colon = text.lastIndexOf(":")
  const host = text.slice(0, Math.max(colon, 0)).replace(/^\[|\]$/g, "")
  const port = Number(text.slice(colon + 1))
  const endpoint = colon > 0 && Number.isInteger(port) ? withPort(host, port) : undefined
  return endpoint !== undefined && Result.isSuccess(endpoint)
    ? NetAddress.formatIp(NetAddress.toCanonical(endpoint.success.address))
    : undefined
}
