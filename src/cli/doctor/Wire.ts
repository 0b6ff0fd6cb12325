/**
 * What the doctor says to a server to see what it is: one connection, one handshake, one request.
 *
 * Nothing is kept open, and each of them is bounded: by the time it may take,
 * and by what is read of an answer.
 */
import * as Effect from "effect/Effect"
import * as Dns from "node:dns/promises"
import * as Http from "node:http"
import * as Http2 from "node:http2"
import * as Https from "node:https"
import * as Net from "node:net"
import * as Tls from "node:tls"
import type { OtlpTls } from "../../export/OtlpTransport.ts"

/** Why something did not work, in the words of Node. */
export interface Failure {
  readonly code: string
  readonly message: string
}

/** For a try that was given up. */
export const late: Failure = { code: "LATE", message: "no answer" }

const failureOf = (error: unknown): Failure => {
  const { code, errors, message } = Object(error) as {
    readonly code?: unknown
    readonly message?: unknown
    readonly errors?: ReadonlyArray<unknown>
  }
  const first: unknown = errors?.[0]
  const text = message === "" || message === undefined ? Reflect.get(Object(first), "message") : message
  return { code: String(code ?? "UNKNOWN"), message: String(text ?? code ?? error).trim() }
}

const within =
  (millis: number) =>
  <A>(self: Effect.Effect<A, Failure>): Effect.Effect<A, Failure> =>
    Effect.timeoutOrElse(self, { duration: millis, orElse: () => Effect.fail(late) })

/** The addresses of a name. */
export const resolve = (host: string): Effect.Effect<ReadonlyArray<string>, Failure> =>
  Net.isIP(host) !== 0
    ? Effect.succeed([host])
    : Effect.tryPromise({ try: () => Dns.lookup(host, { all: true }), catch: failureOf }).pipe(
        Effect.map((found) => found.map(({ address }) => address)),
        within(2000)
      )

interface Place {
  readonly host: string
  readonly port: number
}

/** Whether somebody takes a connection there; the address that did. */
export const connect = (place: Place, millis = 2500): Effect.Effect<string, Failure> =>
  Effect.callback<string, Failure>((resume) => {
    const socket = Net.connect(place)
    socket.on("error", (error) => resume(Effect.fail(failureOf(error))))
    socket.on("connect", () => {
      resume(Effect.succeed(socket.remoteAddress ?? place.host))
      socket.destroy()
    })
    return Effect.sync(() => void socket.destroy())
  }).pipe(within(millis))

export interface Handshake {
  readonly certificate: Tls.PeerCertificate
  /** Why it is not believed; `undefined` where it is. */
  readonly doubt: string | undefined
  /** The protocol that the server chose, where it chose one. */
  readonly chosen: string | undefined
}

/** A TLS handshake with whoever is there, believed or not. */
export const handshake = (
  { host, port }: Place,
  tls: OtlpTls,
  protocols: ReadonlyArray<string>
): Effect.Effect<Handshake, Failure> =>
  Effect.callback<Handshake, Failure>((resume) => {
    const servername = Net.isIP(host) === 0 ? host : ""
    // Only looked at: the exporter's own connection is refused where this one would have been
    const options = { ...tls, host, port, servername, rejectUnauthorized: false, ALPNProtocols: [...protocols] }
    const socket = Tls.connect(options)
    socket.on("error", (error) => resume(Effect.fail(failureOf(error))))
    socket.on("secureConnect", () => {
      const doubt: unknown = socket.authorizationError
      const shown =
        doubt === null || doubt === undefined ? undefined : String(Reflect.get(Object(doubt), "code") ?? doubt)
      const chosen = typeof socket.alpnProtocol === "string" ? socket.alpnProtocol : undefined
      resume(Effect.succeed({ certificate: socket.getPeerCertificate(), doubt: shown, chosen }))
      socket.destroy()
    })
    return Effect.sync(() => void socket.destroy())
  }).pipe(within(2500))

export interface Answer {
  readonly status: number
  readonly headers: Http.IncomingHttpHeaders
  /** The beginning of it. */
  readonly text: string
}

const mostRead = 262_144

export interface Question {
  readonly url: URL
  readonly method?: "GET" | "POST"
  readonly headers?: Http.OutgoingHttpHeaders
  readonly body?: Uint8Array
  readonly tls?: OtlpTls
  readonly millis?: number
}

/** One request over HTTP/1.1. Redirects are not followed. */
export const ask = ({
  body,
  headers,
  method = "GET",
  millis = 2500,
  tls,
  url
}: Question): Effect.Effect<Answer, Failure> =>
  Effect.callback<Answer, Failure>((resume) => {
    const open = url.protocol === "https:" ? Https.request : Http.request
    const request = open({
      ...tls,
      // A connection of its own, as nothing is asked twice
      agent: false,
      method,
      hostname: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: url.port,
      path: url.pathname + url.search,
      headers: { ...headers, ...(body && { "content-length": body.length }) }
    })
    request.on("error", (error) => resume(Effect.fail(failureOf(error))))
    request.on("response", (response) => {
      const chunks: Array<Buffer> = []
      let size = 0
      const answer = () =>
        resume(
          Effect.succeed({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString("utf8")
          })
        )
      response.on("data", (chunk: Buffer) => {
        size += chunk.length
        if (size <= mostRead) return void chunks.push(chunk)
        answer()
        request.destroy()
      })
      response.on("end", answer)
      response.on("error", answer)
    })
    request.end(body)
    return Effect.sync(() => void request.destroy())
  }).pipe(within(millis))

/** Whether a server speaks HTTP/2 without being asked to, as one of gRPC does. */
export const speaksHttp2 = (url: URL, tls: OtlpTls): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    const session = Http2.connect(url, { ...tls, rejectUnauthorized: false })
    const answer = (speaks: boolean) => {
      resume(Effect.succeed(speaks))
      session.destroy()
    }
    session.on("error", () => answer(false))
    session.on("remoteSettings", () => answer(true))
    session.on("close", () => answer(false))
    return Effect.sync(() => session.destroy())
  }).pipe(Effect.timeoutOrElse({ duration: 1500, orElse: () => Effect.succeed(false) }))
