/**
 * P4: every trick of the table, sent through the real clients, and every redirect to a host that may not have the context.
 */
import { Baggage, TracedClient, Tracing } from "@gorax/tracing"
import { Effect, Layer } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import type { Bar } from "./Bar.ts"
import { allowed, tricks } from "./UrlTricks.ts"

/** What went out, without a network. */
interface Sent {
  readonly url: string
  readonly carries: boolean
}

const carriesContext = (headers: Headers): boolean =>
  ["traceparent", "tracestate", "baggage"].some((name) => headers.has(name))

/** A `fetch` that notes what it is sent, and redirects from where it is told to. */
const noting =
  (sent: Array<Sent>, redirects: ReadonlyMap<string, Response>): typeof globalThis.fetch =>
  async (input, init) => {
    const url = String(input)
    sent.push({ url, carries: carriesContext(new Headers(init?.headers)) })
    return redirects.get(url)?.clone() ?? new Response("ok")
  }

type Send = (url: string) => Effect.Effect<unknown, unknown>

const clients: Readonly<Record<string, Effect.Effect<Send, never, HttpClient.HttpClient>>> = {
  HttpClient: Effect.map(HttpClient.HttpClient, (client) => (url) => client.get(url)),
  fetch: Effect.map(TracedClient.fetch, (fetch) => (url) => Effect.tryPromise(() => fetch(url)))
}

const Client = TracedClient.layer.pipe(Layer.provide(FetchHttpClient.layer))

/** Sends a request to a URL by every client, and tells all that went out for it. */
const send = (url: string, redirects: ReadonlyMap<string, Response> = new Map()) =>
  Effect.flatMap(
    Effect.forEach(Object.values(clients), (client) => {
      const sent: Array<Sent> = []
      return Effect.flatMap(client, (send) => Effect.exit(send(url))).pipe(
        Effect.withSpan("caller"),
        Baggage.set("tier", "gold"),
        Effect.provideService(FetchHttpClient.Fetch, noting(sent, redirects)),
        Effect.as(sent)
      )
    }),
    (all) => Effect.succeed(all.flat())
  )

/** The tricks that went wrong: for each, what was sent otherwise than it may be. */
const wrongTricks = Effect.forEach(tricks, ({ goes, url }) =>
  Effect.map(send(url), (sent) => (sent.every(({ carries }) => carries === goes) ? [] : [url]))
)

const statuses = [301, 302, 303, 307, 308]

/** Each URL that may have no context, as the place that an allowed host sends on to. */
const wrongRedirects = Effect.forEach(
  tricks.filter(({ goes, url }) => !goes && URL.canParse(url)),
  ({ url }, index) => {
    const status = statuses[index % statuses.length]!
    const redirects = new Map([
      ["https://api.example.com/moved", new Response(null, { status, headers: { location: new URL(url).href } })]
    ])
    return Effect.map(send("https://api.example.com/moved", redirects), (sent) => {
      const there = sent.filter((hop) => hop.url !== "https://api.example.com/moved")
      const right = there.length === Object.keys(clients).length && there.every(({ carries }) => !carries)
      return right ? [] : [`${status} ${url}`]
    })
  }
)

export const measure = Effect.gen(function* () {
  const [byName, byRedirect] = [(yield* wrongTricks).flat(), (yield* wrongRedirects).flat()]
  const count = tricks.length
  const bars: ReadonlyArray<Bar> = [
    { bar: "P4", name: "tricks in the table", figure: count, unit: "", bound: "at least 60", ok: count >= 60 },
    {
      bar: "P4",
      name: `URLs treated wrongly${byName.map((url) => `, ${JSON.stringify(url)}`).join("")}`,
      figure: byName.length,
      unit: "",
      bound: "0",
      ok: byName.length === 0
    },
    {
      bar: "P4",
      name: `redirects followed with a context${byRedirect.map((url) => `, ${JSON.stringify(url)}`).join("")}`,
      figure: byRedirect.length,
      unit: "",
      bound: "0",
      ok: byRedirect.length === 0
    }
  ]
  return bars
}).pipe(Effect.provide(Client), Effect.provide(Tracing.layer({ exporter: "none", propagateTo: allowed })))
