/**
 * Networks by address, for deciding who is at the other end of a connection.
 */
import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Result from "effect/Result"

/** An address as it is compared: an IPv4 address that is mapped into IPv6 is the IPv4 address. */
export const addressFrom = (text: string): NetAddress.IpAddress | undefined => {
  const zone = text.indexOf("%")
  const address = NetAddress.ipFromString(zone < 0 ? text : text.slice(0, zone))
  return Result.isSuccess(address) ? NetAddress.toCanonical(address.success) : undefined
}

/** The one way of writing an address; what is none is left as it is. */
export const canonical = (text: string): string => {
  const address = addressFrom(text)
  return address === undefined ? text : NetAddress.formatIp(address)
}

/** A network from `10.0.0.0/8`, `fd00::/8` or a single address; `undefined` for anything else. */
export const networkFrom = (text: string): IpNetwork.IpNetwork | undefined => {
  const single = addressFrom(text)
  const network = single === undefined ? IpNetwork.fromString(text) : IpNetwork.make(single, NetAddress.width(single))
  return Result.isSuccess(network) ? network.success : undefined
}

/** True for addresses inside one of the networks; false for what is no address. */
export const within = (networks: ReadonlyArray<string>): ((address: string) => boolean) => {
  const known = networks.map(networkFrom).filter((network) => network !== undefined)
  return (text) => {
    const address = addressFrom(text)
    return address !== undefined && known.some((network) => IpNetwork.contains(network, address))
  }
}

const isLoopbackAddress = within(["127.0.0.0/8", "::1"])

/** True for addresses that only this machine can reach. */
export const isLoopback = (address: string): boolean => isLoopbackAddress(address)
