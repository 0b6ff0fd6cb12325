/**
 * Serves the viewer's page: three files that vite built, read once. The page asks nobody but this server.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as FileSystem from "node:fs"
import { fileURLToPath } from "node:url"

/** Scripts, styles and data of this server alone; nothing inline, no forms, in nobody's frame, and no text becomes code. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'"
].join("; ")

const files = {
  "/": ["index.html", "text/html; charset=utf-8"],
  "/page.js": ["page.js", "text/javascript; charset=utf-8"],
  "/page.css": ["page.css", "text/css; charset=utf-8"],
  "/icon.svg": ["icon.svg", "image/svg+xml"]
} as const

/** Beside this file as published; in the repository, where the build has put it. */
const folders = ["./page/", "../../dist/viewer/page/"].map((path) => fileURLToPath(new URL(path, import.meta.url)))

/** Where the page is, `undefined` where it has not been built. */
export const folder = (): string | undefined => folders.find((path) => FileSystem.existsSync(`${path}index.html`))

const unbuilt = (
  host: string
): string => `Traces, received over OTLP. The page itself is not built: run \`npm run page\`.

  all traces     http://${host}/api/v1/traces
  failed ones    http://${host}/api/v1/traces?q=error
  one, drawn     http://${host}/api/v1/traces/<trace id>/tree
  send to        http://${host}/v1/traces   (protobuf or JSON)
`

const inWords = HttpRouter.route(
  "GET",
  "/",
  Effect.map(HttpServerRequest.HttpServerRequest, ({ headers: { host = "" } }) =>
    HttpServerResponse.text(unbuilt(host))
  )
)

const serve = (path: string) =>
  Object.entries(files).map(([url, [name, contentType]]) =>
    HttpRouter.route(
      "GET",
      url as "/",
      Effect.succeed(
        HttpServerResponse.uint8Array(FileSystem.readFileSync(`${path}${name}`), {
          contentType,
          headers: { "content-security-policy": contentSecurityPolicy }
        })
      )
    )
  )

/** The page in this folder; where it is not, where everything else is in words. */
export const layer = (path: string | undefined = folder()): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const routes = path === undefined ? Result.fail(undefined) : Result.try(() => serve(path))
  return HttpRouter.addAll(Result.getOrElse(routes, () => [inWords]))
}
