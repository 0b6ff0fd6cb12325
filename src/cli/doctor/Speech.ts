/**
 * Whether a destination is spoken to in the language that it speaks: gRPC or HTTP, in TLS or in plain text.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Step } from "./Check.ts"
import type { Destination } from "./Destination.ts"
import * as EmptyRequest from "./EmptyRequest.ts"
import * as HttpAnswer from "./HttpAnswer.ts"
import * as Language from "./Language.ts"
import * as Wire from "./Wire.ts"

/** What was answered over HTTP; over gRPC nothing is asked yet. */
export type Spoken = Wire.Answer | "grpc"

const silent = ({ display, host, port }: Destination): Step<never> =>
  Language.misunderstanding({
    summary: `${host}:${port} takes connections and does not answer`,
    tried: `a request to ${display}`,
    seen: "no answer within 2.5 seconds",
    advice:
      "The receiver hangs, is overloaded, or something else listens there. Restart it, look at its log, or ask it on its own machine."
  })

/** Nothing that HTTP/1.1 knows came back. */
const unspoken = Effect.fnUntraced(function* (
  destination: Destination,
  failure: Wire.Failure
): Effect.fn.Return<Step<never>> {
  const { display, host, isTls, port, setting, tls, url } = destination
  const { message } = failure
  const certificate = Language.asksForCertificate(destination, failure)
  if (certificate !== undefined) return certificate
  if (yield* Wire.speaksHttp2(url, tls)) {
    return Language.misunderstanding({
      summary: `${host}:${port} speaks gRPC, and is spoken to over HTTP`,
      tried: `a request over HTTP/1.1 to ${display}`,
      seen: `${message}; it answers over HTTP/2, as gRPC does`,
      advice: `Set TRACING_PROTOCOL=grpc, with ${setting}=${url.protocol}//${host}:${port}; or name the port for HTTP, which is 4318 where nobody has changed it.`
    })
  }
  if (!isTls && (yield* Language.isTls(destination))) {
    return Language.speaksTls(destination, `${message}; a TLS handshake succeeds`)
  }
  return Language.misunderstanding({
    summary: `${host}:${port} hangs up without an answer`,
    tried: `a request over HTTP/1.1 to ${display}`,
    seen: message,
    advice: "Is this the port of a receiver? Its log may say why it hangs up."
  })
})

const overHttp = Effect.fnUntraced(function* (destination: Destination): Effect.fn.Return<Step<Spoken>> {
  const asked = yield* Effect.result(Wire.ask(EmptyRequest.make(destination)))
  if (Result.isSuccess(asked)) return yield* HttpAnswer.judge(destination, asked.success)
  return asked.failure === Wire.late ? silent(destination) : yield* unspoken(destination, asked.failure)
})

const speaksHttp = ({ display, host, port }: Destination, answer: Wire.Answer): Step<never> =>
  Language.misunderstanding({
    summary: `${host}:${port} speaks HTTP, and is spoken to in gRPC`,
    tried: `to begin HTTP/2 with ${display}`,
    seen: `no HTTP/2; over HTTP/1.1, ${HttpAnswer.said(answer)}`,
    advice: "Set TRACING_PROTOCOL=http/protobuf; or name the port for gRPC, which is 4317 where nobody has changed it."
  })

const speaksNeither = ({ display, host, port }: Destination, { message }: Wire.Failure): Step<never> =>
  Language.misunderstanding({
    summary: `${host}:${port} speaks neither gRPC nor HTTP`,
    tried: `HTTP/2 and HTTP/1.1 with ${display}`,
    seen: message,
    advice: `Is ${port} the port of a receiver?`
  })

const overGrpc = Effect.fnUntraced(function* (destination: Destination): Effect.fn.Return<Step<Spoken>> {
  const { isTls, tls, url } = destination
  if (yield* Wire.speaksHttp2(url, tls)) return { found: [], next: "grpc" }
  const asked = yield* Effect.result(Wire.ask({ url: Language.elsewhere(url, url.protocol, "/"), tls, millis: 1500 }))
  if (Result.isSuccess(asked)) {
    return !isTls && Language.wantsTls(asked.success)
      ? Language.speaksTls(destination, HttpAnswer.said(asked.success))
      : speaksHttp(destination, asked.success)
  }
  const certificate = Language.asksForCertificate(destination, asked.failure)
  if (certificate !== undefined) return certificate
  if (!isTls && (yield* Language.isTls(destination))) {
    return Language.speaksTls(destination, "a TLS handshake succeeds")
  }
  return asked.failure === Wire.late ? silent(destination) : speaksNeither(destination, asked.failure)
})

/** Asks without saying anything yet. */
export const look = (destination: Destination): Effect.Effect<Step<Spoken>> =>
  destination.isGrpc ? overGrpc(destination) : overHttp(destination)
