/**
 * Whether a destination's TLS is what the exporter wants: that there is any, and whose certificate it shows.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Tls from "node:tls"
import type { Finding, Step } from "./Check.ts"
import type { Destination } from "./Destination.ts"
import * as Language from "./Language.ts"
import * as Wire from "./Wire.ts"

const check = "destination.tls"
const day = 86_400_000
/** Certificates that renew themselves do so before this. */
const soon = 14 * day

const nameOf = (part: Tls.PeerCertificate["subject"] | undefined): string => {
  const name = part?.CN ?? part?.O
  return Array.isArray(name) ? name.join(", ") : (name ?? "nobody in particular")
}

const datesOf = ({ valid_from, valid_to }: Tls.PeerCertificate): string => `valid from ${valid_from} to ${valid_to}`

const seenOf = (certificate: Tls.PeerCertificate, doubt: string | undefined): string =>
  [
    `a certificate for ${nameOf(certificate.subject)} by ${nameOf(certificate.issuer)}, ${datesOf(certificate)}`,
    certificate.subjectaltname === undefined ? "" : `for ${certificate.subjectaltname.replaceAll("DNS:", "")}`,
    doubt ?? ""
  ]
    .filter((part) => part !== "")
    .join("; ")

type Said = Pick<Finding, "summary" | "advice">

const expired = ({ host }: Destination, { valid_to }: Tls.PeerCertificate): Said => ({
  summary: `The certificate of ${host} expired on ${valid_to}`,
  advice:
    "Renew it on the server. If it is not expired there, look at the clock of this machine, and at what renews it."
})

const notYet = ({ host }: Destination, { valid_from }: Tls.PeerCertificate): Said => ({
  summary: `The certificate of ${host} is not valid before ${valid_from}`,
  advice: "Is the clock of this machine right?"
})

const wrongName = ({ host, setting }: Destination, { subject, subjectaltname }: Tls.PeerCertificate): Said => {
  const names = subjectaltname?.replaceAll(/(DNS|IP Address):/g, "") ?? nameOf(subject)
  return {
    summary: `The certificate is not for ${host}, but for ${names}`,
    advice: `Write the name that it is for into ${setting}, or have one made for ${host}.`
  }
}

const unknownAuthority = ({ host, tls }: Destination, { issuer }: Tls.PeerCertificate): Said => ({
  summary: `Nobody whom this program knows vouches for the certificate of ${host}`,
  advice:
    tls.ca === undefined
      ? `Set TRACING_CERTIFICATE to a PEM file with the authority that signed it, ${nameOf(issuer)}. If you do not know that ` +
        "name, something in between may be reading along: ask who runs the network."
      : `TRACING_CERTIFICATE is set, and does not hold the authority that signed it, ${nameOf(issuer)}; nor the certificates in between. Add them.`
})

const doubtful = (destination: Destination, { certificate, doubt = "" }: Wire.Handshake, now: number): Said => {
  // What Node doubts first hides the rest, and dates are the most common
  if (Date.parse(certificate.valid_to) < now) return expired(destination, certificate)
  if (Date.parse(certificate.valid_from) > now) return notYet(destination, certificate)
  return doubt === "ERR_TLS_CERT_ALTNAME_INVALID"
    ? wrongName(destination, certificate)
    : unknownAuthority(destination, certificate)
}

const failed = Effect.fnUntraced(function* (
  destination: Destination,
  failure: Wire.Failure
): Effect.fn.Return<Finding> {
  const { display, hasScheme, host, port, setting } = destination
  const tried = `a TLS handshake with ${host}:${port}, for ${display}`
  const seen = failure.message
  if (/NO_APPLICATION_PROTOCOL/.test(failure.code) || /no application protocol/i.test(failure.message)) {
    return {
      check,
      severity: "problem",
      summary: `${host}:${port} does not speak HTTP/2, which gRPC needs`,
      tried,
      seen,
      advice: `Set TRACING_PROTOCOL=http/protobuf, with the port for that (4318 by default), if it takes OTLP over HTTP.`
    }
  }
  const plain = yield* Language.inPlainText(destination)
  if (plain !== undefined) {
    return {
      check,
      severity: "problem",
      summary: `${host}:${port} speaks plain text, and is spoken to in TLS`,
      tried,
      seen: `${seen}; in plain text it answers as ${plain}`,
      advice: hasScheme
        ? `Write http:// into ${setting} in the place of https://, if nobody else is on the way there.`
        : `Write ${setting}=http://${host}:${port}, or set TRACING_INSECURE=true: without a scheme, everything but this machine is spoken to in TLS.`
    }
  }
  return {
    check,
    severity: "problem",
    summary: `No TLS handshake with ${host}:${port} comes about`,
    tried,
    seen,
    advice: `Is this the port for TLS? For plain text write http:// into ${setting}. A server that wants certificates of its clients needs TRACING_CLIENT_CERTIFICATE and TRACING_CLIENT_KEY.`
  }
})

/** Shakes hands, where there is TLS. */
export const look = Effect.fnUntraced(function* (destination: Destination): Effect.fn.Return<Step<true>> {
  if (!destination.isTls) return { found: [], next: true }
  const protocols = destination.isGrpc ? ["h2"] : ["http/1.1"]
  const shaken = yield* Effect.result(Wire.handshake(destination, destination.tls, protocols))
  if (Result.isFailure(shaken)) return { found: [yield* failed(destination, shaken.failure)], next: undefined }
  const { certificate, doubt } = shaken.success
  const now = yield* Clock.currentTimeMillis
  const shared = {
    check,
    tried: `a TLS handshake with ${destination.host}:${destination.port}`,
    seen: seenOf(certificate, doubt)
  }
  if (doubt !== undefined) {
    const said = doubtful(destination, shaken.success, now)
    return { found: [{ ...shared, severity: "problem", ...said }], next: undefined }
  }
  const left = Date.parse(certificate.valid_to) - now
  if (left < soon) {
    const days = Math.floor(left / day)
    const summary = `The certificate of ${destination.host} expires in ${days} ${days === 1 ? "day" : "days"}`
    const advice = "Renew it: from then on nothing is delivered."
    return { found: [{ ...shared, severity: "warning", summary, advice }], next: true }
  }
  return {
    found: [{ ...shared, severity: "ok", summary: `The certificate of ${destination.host} is in order` }],
    next: true
  }
})
