import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as LoopbackServer from "../../src/receiver/LoopbackServer.ts"
import * as ViewerPage from "../../src/viewer/ViewerPage.ts"

/** Serves a page of these files. */
const serving = Effect.fnUntraced(function* (files: Readonly<Record<string, string>>) {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => `${fs.mkdtempSync(path.join(os.tmpdir(), "gorax-page-"))}/`),
    (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
  )
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(folder + name, text)
  const server = yield* Layer.build(LoopbackServer.layer(ViewerPage.layer(folder)))
  const url = HttpServer.formatAddress(Context.get(server, HttpServer.HttpServer).address)
  return (where: string) =>
    Effect.promise(async () => {
      const { headers, status, ...response } = await fetch(url + where).then(async (answer) => ({
        headers: answer.headers,
        status: answer.status,
        text: await answer.text()
      }))
      return { status, type: headers.get("content-type"), policy: headers.get("content-security-policy"), ...response }
    })
})

const page = { "index.html": "<!doctype html>", "page.js": "0", "page.css": "p {}", "icon.svg": "<svg/>" }

describe("the files of the page", () => {
  it.live("are those four and no others, each with its type and a policy that lets nothing else run", () =>
    Effect.gen(function* () {
      const get = yield* serving({ ...page, "secret.txt": "secret" })
      const policy = ViewerPage.contentSecurityPolicy
      assert.deepStrictEqual(yield* get("/"), {
        status: 200,
        type: "text/html; charset=utf-8",
        policy,
        text: "<!doctype html>"
      })
      assert.deepInclude(yield* get("/page.js"), { type: "text/javascript; charset=utf-8", policy, text: "0" })
      assert.deepInclude(yield* get("/page.css"), { type: "text/css; charset=utf-8", text: "p {}" })
      assert.deepInclude(yield* get("/icon.svg"), { type: "image/svg+xml", policy, text: "<svg/>" })
      for (const where of ["/secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/index.html"]) {
        assert.strictEqual((yield* get(where)).status, 404, where)
      }
      assert.notMatch(policy, /unsafe|\*|https?:/)
    }).pipe(Effect.scoped)
  )

  it.live("are told in words where one is missing", () =>
    Effect.gen(function* () {
      const get = yield* serving({ "index.html": "<!doctype html>" })
      assert.include((yield* get("/")).text, "The page itself is not built: run `npm run page`")
    }).pipe(Effect.scoped)
  )
})
