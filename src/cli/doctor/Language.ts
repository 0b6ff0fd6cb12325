/**
 * Which language a server speaks, asked without saying anything that is a secret.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Finding, Step } from "./Check.ts"
import type { Destination } from "./Destination.ts"
import * as Wire from "./Wire.ts"

/** A server for TLS that is asked in plain text may say so. */
export const wantsTls = ({ status, text }: Wire.Answer): boolean => status === 400 && /\b(https|tls|ssl)\b/i.test(text)

/** Another place of the same server, on the same port. */
export const elsewhere = (url: URL, protocol: string, path: string): URL => {
  const other = new URL(url)
  other.protocol = protocol
  // A port that is its scheme's own is not written
  if (url.port === "") other.port = url.protocol === "https:" ? "443" : "80"
  other.pathname = path
  return other
}

/** The language in which it answers without TLS; `undefined` where it does not. */
export const inPlainText = Effect.fnUntraced(function* ({ url }: Destination): Effect.fn.Return<string | undefined> {
  const plain = elsewhere(url, "http:", "/")
  plain.search = ""
  const asked = yield* Effect.result(Wire.ask({ url: plain, millis: 1500 }))
  if (Result.isSuccess(asked)) return wantsTls(asked.success) ? undefined : "HTTP/1.1"
  return (yield* Wire.speaksHttp2(plain, {})) ? "HTTP/2, as gRPC does" : undefined
})

/** True when it shakes hands, whoever it is. */
export const isTls = ({ host, port, tls }: Destination): Effect.Effect<boolean> =>
  Effect.map(Effect.result(Wire.handshake({ host, port }, tls, ["h2", "http/1.1"])), Result.isSuccess)

/** A misunderstanding, after which there is nothing more to say. */
export const misunderstanding = (finding: Omit<Finding, "check" | "severity">): Step<never> => ({
  found: [{ check: "destination.protocol", severity: "problem", ...finding }],
  next: undefined
})

export const speaksTls = ({ display, host, port, setting }: Destination, seen: string): Step<never> =>
  misunderstanding({
    summary: `${host}:${port} speaks TLS, and is spoken to in plain text`,
    tried: `to ask ${display}`,
    seen,
    advice: `Write ${setting}=https://${host}:${port}.`
  })

const wantsCertificate = /CERTIFICATE_REQUIRED|certificate required|BAD_CERTIFICATE|HANDSHAKE_FAILURE/i

/** What a server does that lets nobody in without a certificate; nothing where it is something else. */
export const asksForCertificate = (
  { host, port, tls }: Destination,
  { code, message }: Wire.Failure
): Step<never> | undefined =>
  wantsCertificate.test(`${code} ${message}`)
    ? misunderstanding({
        summary: `${host}:${port} wants to see a certificate of this program`,
        tried: "to ask it over TLS",
        seen: message,
        advice:
          tls.cert === undefined
            ? "Set TRACING_CLIENT_CERTIFICATE and TRACING_CLIENT_KEY to what its owner has given you."
            : "It does not take the one of TRACING_CLIENT_CERTIFICATE: is it signed by whom its owner trusts, and not expired?"
      })
    : undefined
