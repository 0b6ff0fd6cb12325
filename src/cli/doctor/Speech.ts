/**
 * Which language a destination speaks, and whether it is the one that it is spoken to in.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as SensitiveKeys from "../../model/SensitiveKeys.ts"
import type { Finding, Step } from "./Check.ts"
import * as Credentials from "./Credentials.ts"
import type { Destination } from "./Destination.ts"
import * as Proxies from "./Proxies.ts"
import * as Wire from "./Wire.ts"

const check = "destination.protocol"

/** A server for TLS that is asked in plain text may say so. */
const wantsTls = ({ status, text }: Wire.Answer): boolean => status === 400 && /\b(https|tls|ssl)\b/i.test(text)

const at = (url: URL, protocol: string, path = url.pathname): URL => {
  const other = new URL(url)
  other.protocol = protocol
  // A port that is its scheme's own is not written
  if (url.port === "") other.port = url.protocol === "https:" ? "443" : "80"
  other.pathname = path
  return other
}

/** The language in which it answers without TLS; `undefined` where it does not. */
export const inPlainText = Effect.fnUntraced(function* ({ url }: Destination): Effect.fn.Return<string | undefined> {
  const plain = at(url, "http:", "/")
  const asked = yield* Effect.result(Wire.ask({ url: plain, millis: 1500 }))
  if (Result.isSuccess(asked)) return wantsTls(asked.success) ? undefined : "HTTP/1.1"
  return (yield* Wire.speaksHttp2(plain, {})) ? "HTTP/2, as gRPC does" : undefined
})

const inTls = ({ host, port, tls }: Destination): Effect.Effect<boolean> =>
  Effect.map(Effect.result(Wire.handshake({ host, port }, tls, ["h2", "http/1.1"])), Result.isSuccess)

const problem = (finding: Omit<Finding, "check" | "severity">): Step<never> => ({
  found: [{ check, severity: "problem", ...finding }],
  next: undefined
})

const speaksTls = ({ display, host, port, setting }: Destination, seen: string): Step<never> =>
  problem({
    summary: `${host}:${port} speaks TLS, and is spoken to in plain text`,
    tried: `to ask ${display}`,
    seen,
    advice: `Write ${setting}=https://${host}:${port}.`
  })

const wantsCertificate = /CERTIFICATE_REQUIRED|certificate required|BAD_CERTIFICATE|HANDSHAKE_FAILURE/i

const asksForCertificate = ({ host, port, tls }: Destination, seen: string): Step<never> =>
  problem({
    summary: `${host}:${port} wants to see a certificate of this program`,
    tried: "to ask it over TLS",
    seen,
    advice:
      tls.cert === undefined
        ? "Set TRACING_CLIENT_CERTIFICATE and TRACING_CLIENT_KEY to what its owner has given you."
        : "It does not take the one of TRACING_CLIENT_CERTIFICATE: is it signed by whom its owner trusts, and not expired?"
  })

/** Nothing that HTTP/1.1 knows came back. */
const unspoken = Effect.fnUntraced(function* (
  destination: Destination,
  { code, message }: Wire.Failure
): Effect.fn.Return<Step<never>> {
  const { display, host, isTls, port, tls, url } = destination
  if (wantsCertificate.test(`${code} ${message}`)) return asksForCertificate(destination, message)
  if (yield* Wire.speaksHttp2(url, tls)) {
    return problem({
      summary: `${host}:${port} speaks gRPC, and is spoken to over HTTP`,
      tried: `a request over HTTP/1.1 to ${display}`,
      seen: `${message}; it answers over HTTP/2, as gRPC does`,
      advice: `Set TRACING_PROTOCOL=grpc, with ${destination.setting}=${url.protocol}//${host}:${port}; or name the port for HTTP, which is 4318 where nobody has changed it.`
    })
  }
  if (!isTls && (yield* inTls(destination))) return speaksTls(destination, `${message}; a TLS handshake succeeds`)
  return problem({
    summary: `${host}:${port} hangs up without an answer`,
    tried: `a request over HTTP/1.1 to ${display}`,
    seen: message,
    advice: `Is this the port of a receiver? Its log may say why it hangs up.`
  })
})

const silent = ({ display, host, port }: Destination): Step<never> =>
  problem({
    summary: `${host}:${port} takes connections and does not answer`,
    tried: `a request to ${display}`,
    seen: "no answer within 2.5 seconds",
    advice:
      "The receiver hangs, is overloaded, or something else listens there. Restart it, look at its log, or ask it on its own machine."
  })

const contentTypes = {
  "http/protobuf": "application/x-protobuf",
  "http/json": "application/json",
  grpc: "application/grpc"
}

/** A request with no spans in it, which is a valid one where there is such a thing. */
const nothing = ({ name, settings: { endpoint } }: Destination): Pick<Wire.Question, "method" | "body" | "headers"> => {
  if (name === "jaeger") return { method: "GET" }
  const isJson = name !== "otlp" || endpoint.protocol === "http/json"
  return {
    method: "POST",
    body: Buffer.from(name === "zipkin" ? "[]" : isJson ? "{}" : ""),
    headers: { "content-type": contentTypes[isJson ? "http/json" : "http/protobuf"] }
  }
}

const question = (destination: Destination, url = destination.url): Wire.Question => {
  const { headers, ...rest } = nothing(destination)
  const { settings, tls } = destination
  return { ...rest, url, tls, headers: { ...Redacted.value(settings.headers), ...headers } }
}

const isPage = ({ headers }: Pick<Wire.Answer, "headers">): boolean => (headers["content-type"] ?? "").includes("html")

const isTaken = (answer: Wire.Answer): boolean => answer.status >= 200 && answer.status < 300 && !isPage(answer)

const ends = { otlp: "/v1/traces", "otlp-sdk": "/v1/traces", zipkin: "/api/v2/spans", jaeger: "/api/traces" }

/** Where else on the same server there is a receiver. */
const elsewhere = Effect.fnUntraced(function* (destination: Destination): Effect.fn.Return<Option.Option<URL>> {
  const { name, url } = destination
  const end = ends[name]
  const base = url.pathname.replace(/\/+$/, "")
  const paths = [end, base + end, base.slice(0, base.indexOf(end) + end.length), base.replace(/\/[^/]*$/, "") + end]
  const others = [...new Set(paths)].filter((path) => path !== url.pathname && path.endsWith(end))
  const asked = yield* Effect.forEach(
    others,
    (path) => {
      const other = at(url, url.protocol, path)
      return Effect.map(Effect.result(Wire.ask({ ...question(destination, other), millis: 1500 })), (found) =>
        Result.isSuccess(found) && isTaken(found.success) ? [other] : []
      )
    },
    { concurrency: "unbounded" }
  )
  return Option.fromNullishOr(asked.flat()[0])
})

const place = (url: URL): string => url.origin + SensitiveKeys.redactPath(url.pathname)

const said = ({ headers, status, text }: Wire.Answer): string => {
  const words = isPage({ headers }) ? "an HTML page" : SensitiveKeys.redactText(text.trim(), 160).replace(/\s+/g, " ")
  return words === "" ? `HTTP status ${status}` : `HTTP status ${status}: ${words}`
}

const notFound = Effect.fnUntraced(function* (
  destination: Destination,
  answer: Wire.Answer
): Effect.fn.Return<Step<never>> {
  const { display, name, setting } = destination
  const other = yield* elsewhere(destination)
  const exact = setting === "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
  return problem({
    summary: `There is no receiver at ${display}`,
    tried: `a request to ${display}`,
    seen: said(answer),
    advice: Option.match(other, {
      onSome: (url) =>
        exact
          ? `There is one at ${place(url)}. ${setting} is taken as it is: write ${setting}=${place(url)}.`
          : `There is one at ${place(url)}: write ${setting}=${place(url)}.`,
      onNone: () =>
        `Nor is there one at ${ends[name]} of this server. Is it a receiver at all, and is ${setting} its address for ${name === "otlp-sdk" ? "otlp" : name}?`
    })
  })
})

const redirects = (destination: Destination, answer: Wire.Answer): Step<never> => {
  const { display, setting, url } = destination
  const location = answer.headers.location ?? ""
  const to = URL.canParse(location, url.origin) ? new URL(location, url.origin) : undefined
  const isSign = to !== undefined && /log-?in|sign-?in|oauth|\bsso\b/i.test(to.pathname + to.host)
  return problem({
    summary: `${display} leads elsewhere, and exports do not follow`,
    tried: `a request to ${display}`,
    seen: `HTTP status ${answer.status}${to === undefined ? "" : `, to ${place(to)}`}`,
    advice:
      to === undefined
        ? `Set ${setting} to where the receiver is.`
        : isSign
          ? `It leads to a page for signing in: this is an address for people. Set ${setting} to that of the receiver.`
          : `If that is right, write ${setting}=${place(to)}. Headers may be secrets, so they go where they were meant to go, and nowhere else.`
  })
}

const refusedEntry = (destination: Destination, answer: Wire.Answer): Step<never> => ({
  found: [
    {
      check: "destination.credentials",
      severity: "problem",
      summary: `${destination.host} does not let this program in`,
      tried: `a request to ${destination.display}, with ${Credentials.named(destination)}`,
      seen: said(answer),
      advice: Credentials.advice(destination)
    }
  ],
  next: undefined
})

const wrongEncoding = Effect.fnUntraced(function* (
  destination: Destination,
  answer: Wire.Answer
): Effect.fn.Return<Step<never>> {
  const { display, settings } = destination
  const other = settings.endpoint.protocol === "http/json" ? "http/protobuf" : "http/json"
  const asked = yield* Effect.result(
    Wire.ask({
      ...question(destination),
      body: Buffer.from(other === "http/json" ? "{}" : ""),
      headers: { ...Redacted.value(settings.headers), "content-type": contentTypes[other] },
      millis: 1500
    })
  )
  const takesOther = Result.isSuccess(asked) && isTaken(asked.success)
  return problem({
    summary: `${display} does not take ${settings.endpoint.protocol}`,
    tried: `a request in ${settings.endpoint.protocol}`,
    seen: takesOther ? `${said(answer)}; ${other} is taken` : said(answer),
    advice: takesOther ? `Set TRACING_PROTOCOL=${other}.` : "Is it a receiver of OTLP? Its documentation says what it takes."
  })
})

const pages = ({ display, setting }: Destination, answer: Wire.Answer): Step<never> =>
  problem({
    summary: `${display} answers with a page for people, so spans sent there are lost`,
    tried: `a request with no spans in it`,
    seen: `HTTP status ${answer.status}, content-type ${answer.headers["content-type"]}`,
    advice: `It takes anything and is no receiver: the address of a user interface, or of something in between that asks to sign in. Set ${setting} to the receiver's, often port 4318.`
  })

const answeredByProxy = ({ display, setting }: Destination, answer: Wire.Answer, sign: string): Step<never> => ({
  found: [
    {
      check: "proxy",
      severity: "problem",
      summary: `A proxy answers in the place of ${display}`,
      tried: `a request to ${display}`,
      seen: `${said(answer)}; ${sign}`,
      advice: `Exporters do not sign in at proxies. Have the way to the receiver opened, or set up a collector on this side of the proxy and name it in ${setting}.`
    }
  ],
  next: undefined
})

/** What an answer over HTTP means; one that says nothing about the language is left to the test span. */
const judge = (destination: Destination, answer: Wire.Answer): Effect.Effect<Step<Wire.Answer | true>> => {
  const { status } = answer
  const sign = Proxies.inBetween(answer)
  if (sign !== undefined) return Effect.succeed(answeredByProxy(destination, answer, sign))
  if (status === 401 || status === 403) return Effect.succeed(refusedEntry(destination, answer))
  if (status >= 300 && status < 400) return Effect.succeed(redirects(destination, answer))
  if (wantsTls(answer) && !destination.isTls) return Effect.succeed(speaksTls(destination, said(answer)))
  if (destination.name === "jaeger") return Effect.succeed({ found: [], next: answer })
  if (status === 404 || status === 405) return notFound(destination, answer)
  if (status === 415) return wrongEncoding(destination, answer)
  if (status >= 200 && status < 300 && isPage(answer)) return Effect.succeed(pages(destination, answer))
  return Effect.succeed({ found: [], next: answer })
}

const overHttp = Effect.fnUntraced(function* (destination: Destination): Effect.fn.Return<Step<Wire.Answer | true>> {
  const asked = yield* Effect.result(Wire.ask(question(destination)))
  if (Result.isSuccess(asked)) return yield* judge(destination, asked.success)
  return asked.failure === Wire.late ? silent(destination) : yield* unspoken(destination, asked.failure)
})

const overGrpc = Effect.fnUntraced(function* (destination: Destination): Effect.fn.Return<Step<Wire.Answer | true>> {
  const { display, host, isTls, port, tls, url } = destination
  if (yield* Wire.speaksHttp2(url, tls)) return { found: [], next: true }
  const asked = yield* Effect.result(Wire.ask({ url: at(url, url.protocol, "/"), tls, millis: 1500 }))
  if (Result.isFailure(asked)) {
    if (wantsCertificate.test(`${asked.failure.code} ${asked.failure.message}`)) {
      return asksForCertificate(destination, asked.failure.message)
    }
    if (!isTls && (yield* inTls(destination))) return speaksTls(destination, "a TLS handshake succeeds")
    return asked.failure === Wire.late
      ? silent(destination)
      : problem({
          summary: `${host}:${port} speaks neither gRPC nor HTTP`,
          tried: `HTTP/2 and HTTP/1.1 with ${display}`,
          seen: asked.failure.message,
          advice: `Is ${port} the port of a receiver?`
        })
  }
  if (!isTls && wantsTls(asked.success)) return speaksTls(destination, said(asked.success))
  return problem({
    summary: `${host}:${port} speaks HTTP, and is spoken to in gRPC`,
    tried: `to begin HTTP/2 with ${display}`,
    seen: `no HTTP/2; over HTTP/1.1, ${said(asked.success)}`,
    advice: `Set TRACING_PROTOCOL=http/protobuf; or name the port for gRPC, which is 4317 where nobody has changed it.`
  })
})

/** Asks with no spans. What it answered over HTTP is handed on. */
export const look = (destination: Destination): Effect.Effect<Step<Wire.Answer | true>> =>
  destination.isGrpc ? overGrpc(destination) : overHttp(destination)
