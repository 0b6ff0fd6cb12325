/**
 * What an answer over HTTP to a request without spans says about a destination.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as SensitiveKeys from "../../model/SensitiveKeys.ts"
import type { Step } from "./Check.ts"
import * as Credentials from "./Credentials.ts"
import type { Destination } from "./Destination.ts"
import * as EmptyRequest from "./EmptyRequest.ts"
import * as Language from "./Language.ts"
import * as Proxies from "./Proxies.ts"
import * as Wire from "./Wire.ts"

const isPage = ({ headers }: Wire.Answer): boolean => (headers["content-type"] ?? "").includes("html")

const isTaken = (answer: Wire.Answer): boolean => answer.status >= 200 && answer.status < 300 && !isPage(answer)

const longestSaid = 160

/** In the server's own words, where they are for us. */
export const said = (answer: Wire.Answer): string => {
  const words = isPage(answer)
    ? "an HTML page"
    : SensitiveKeys.redactText(answer.text.trim(), longestSaid).replaceAll(/\s+/g, " ")
  return words === "" ? `HTTP status ${answer.status}` : `HTTP status ${answer.status}: ${words}`
}

const placeOf = (url: URL): string => url.origin + SensitiveKeys.redactPath(url.pathname)

const ends = { otlp: "/v1/traces", "otlp-sdk": "/v1/traces", zipkin: "/api/v2/spans", jaeger: "/api/traces" }

/** Where else on the same server there is a receiver. */
const receiverBeside = Effect.fnUntraced(function* (destination: Destination): Effect.fn.Return<Option.Option<URL>> {
  const { name, url } = destination
  const end = ends[name]
  const base = url.pathname.replace(/\/+$/, "")
  const paths = [end, base + end, base.slice(0, base.indexOf(end) + end.length), base.replace(/\/[^/]*$/, "") + end]
  const others = [...new Set(paths)].filter((path) => path !== url.pathname && path.endsWith(end))
  const asked = yield* Effect.forEach(
    others,
    (path) => {
      const other = Language.elsewhere(url, url.protocol, path)
      const question = EmptyRequest.make(destination, { url: other, millis: 1500 })
      return Effect.map(Effect.result(Wire.ask(question)), (found) =>
        Result.isSuccess(found) && isTaken(found.success) ? [other] : []
      )
    },
    { concurrency: "unbounded" }
  )
  return Option.fromNullishOr(asked.flat()[0])
})

const notFound = Effect.fnUntraced(function* (
  destination: Destination,
  answer: Wire.Answer
): Effect.fn.Return<Step<never>> {
  const { display, name, setting } = destination
  return Language.misunderstanding({
    summary: `There is no receiver at ${display}`,
    tried: `a request to ${display}`,
    seen: said(answer),
    advice: Option.match(yield* receiverBeside(destination), {
      onSome: (url) =>
        `There is one at ${placeOf(url)}${
          setting === "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" ? `. ${setting} is taken as it is` : ""
        }: write ${setting}=${placeOf(url)}.`,
      onNone: () =>
        `Nor is there one at ${ends[name]} of this server. Is it a receiver of ${name.replace("-sdk", "")}, and is ${setting} its address?`
    })
  })
})

const signsIn = /log-?in|sign-?in|oauth|\bsso\b/i

const redirects = ({ display, setting, url }: Destination, { headers, status }: Wire.Answer): Step<never> => {
  const location = headers.location ?? ""
  const to = URL.canParse(location, url.origin) ? new URL(location, url.origin) : undefined
  return Language.misunderstanding({
    summary: `${display} leads elsewhere, and exports do not follow`,
    tried: `a request to ${display}`,
    seen: `HTTP status ${status}${to === undefined ? "" : `, to ${placeOf(to)}`}`,
    advice:
      to === undefined
        ? `Set ${setting} to where the receiver is.`
        : signsIn.test(to.host + to.pathname)
          ? `It leads to a page for signing in: this is an address for people. Set ${setting} to that of the receiver.`
          : `If that is right, write ${setting}=${placeOf(to)}. Headers may be secrets, so they go where they were meant to go, and nowhere else.`
  })
}

const denied = (destination: Destination, answer: Wire.Answer): Step<never> => ({
  found: [Credentials.refused(destination, `a request to ${destination.display}`, said(answer))],
  next: undefined
})

const wrongEncoding = Effect.fnUntraced(function* (
  destination: Destination,
  answer: Wire.Answer
): Effect.fn.Return<Step<never>> {
  const used = EmptyRequest.encodingOf(destination)
  const encoding = used === "http/json" ? "http/protobuf" : "http/json"
  const asked = yield* Effect.result(Wire.ask(EmptyRequest.make(destination, { encoding, millis: 1500 })))
  const takesOther = Result.isSuccess(asked) && isTaken(asked.success)
  return Language.misunderstanding({
    summary: `${destination.display} does not take ${used}`,
    tried: `a request in ${used}`,
    seen: takesOther ? `${said(answer)}; ${encoding} is taken` : said(answer),
    advice: takesOther
      ? `Set TRACING_PROTOCOL=${encoding}.`
      : "Is it a receiver of OTLP? Its documentation says what it takes."
  })
})

const page = ({ display, setting }: Destination, { headers, status }: Wire.Answer): Step<never> =>
  Language.misunderstanding({
    summary: `${display} answers with a page for people, so spans sent there are lost`,
    tried: "a request with no spans in it",
    seen: `HTTP status ${status}, content-type ${headers["content-type"]}`,
    advice: `It takes anything and is no receiver: the address of a user interface, or of something in between that asks to sign in. Set ${setting} to the receiver's, often port 4318.`
  })

const proxy = ({ display, setting }: Destination, answer: Wire.Answer, sign: string): Step<never> => ({
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

/** Hands the answer on where it is one of a receiver; what it thinks of spans, the test span finds out. */
export const judge = (destination: Destination, answer: Wire.Answer): Effect.Effect<Step<Wire.Answer>> => {
  const { status } = answer
  const sign = Proxies.inBetween(answer)
  const passed: Step<Wire.Answer> = { found: [], next: answer }
  if (sign !== undefined) return Effect.succeed(proxy(destination, answer, sign))
  if (status === 401 || status === 403) return Effect.succeed(denied(destination, answer))
  if (status >= 300 && status < 400) return Effect.succeed(redirects(destination, answer))
  if (Language.wantsTls(answer) && !destination.isTls) {
    return Effect.succeed(Language.speaksTls(destination, said(answer)))
  }
  // It was only looked at
  if (destination.name === "jaeger") return Effect.succeed(passed)
  if (status === 404 || status === 405) return notFound(destination, answer)
  if (status === 415) return wrongEncoding(destination, answer)
  return Effect.succeed(status >= 200 && status < 300 && isPage(answer) ? page(destination, answer) : passed)
}
