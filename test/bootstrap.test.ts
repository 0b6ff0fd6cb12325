/**
 * `npm start` and `npm test` are the whole set-up because of scripts/bootstrap.mjs. Here it runs in a repository of two
 * files, with an npm that only notes how it was called.
 */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterEach, beforeEach } from "vitest"

const script = path.resolve(import.meta.dirname, "../scripts/bootstrap.mjs")

const lockOf = (version: string) => ({
  packages: {
    "": { name: "fixture" },
    "tools/node": { name: "@gorax/node" },
    "node_modules/@gorax/node": { resolved: "tools/node", link: true },
    "node_modules/effect": { version, integrity: `sha512-${version}` },
    "node_modules/node-for-another-machine": { version: "1.0.0", optional: true }
  }
})

const noteOf = (version: string, more: object = {}) => ({
  packages: {
    "node_modules/@gorax/node": { resolved: "tools/node", link: true },
    "node_modules/effect": { version, integrity: `sha512-${version}` },
    ...more
  }
})

describe.skipIf(process.platform === "win32")("bootstrap", () => {
  let root: string

  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "gorax-bootstrap-"))
    write("scripts/bootstrap.mjs", fs.readFileSync(script, "utf8"))
    write("package.json", { engines: { node: ">=18.0" } })
    write("package-lock.json", lockOf("2.0.0"))
    installs(noteOf("2.0.0"))
  })
  afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

  const write = (name: string, content: string | object) => {
    const file = path.join(root, name)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content))
  }
  const note = (content: object) => write("node_modules/.package-lock.json", content)

  /** What the pretended npm does when it is called. */
  const npm = (code: string) =>
    write(
      "npm-cli.js",
      `const fs = require("node:fs"); fs.writeFileSync("called", process.argv.slice(2).join(" ")); ${code}`
    )
  const installs = (content: object) =>
    npm(
      `fs.mkdirSync("node_modules", { recursive: true });` +
        `fs.writeFileSync("node_modules/.package-lock.json", ${JSON.stringify(JSON.stringify(content))})`
    )
  const called = () => {
    const file = path.join(root, "called")
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined
  }

  const bootstrap = () => {
    const { status, stderr, stdout } = spawnSync(process.execPath, [path.join(root, "scripts/bootstrap.mjs")], {
      cwd: os.tmpdir(),
      encoding: "utf8",
      env: { ...process.env, npm_execpath: path.join(root, "npm-cli.js"), npm_node_execpath: process.execPath }
    })
    return { status, stdout, stderr }
  }
  const silent = { status: 0, stdout: "", stderr: "" }

  it("installs on a clean clone, from the lock, without running anybody's install scripts", () => {
    const { status, stderr, stdout } = bootstrap()
    assert.strictEqual(status, 0)
    assert.strictEqual(stderr, "")
    assert.match(stdout, /^Installing dependencies, about 15 s …\nInstalled in \d+ s\.\n$/)
    assert.strictEqual(called(), "ci --include=dev --include=optional --ignore-scripts --loglevel=error")
  })

  it("says and does nothing the second time", () => {
    bootstrap()
    fs.rmSync(path.join(root, "called"))
    assert.deepStrictEqual(bootstrap(), silent)
    assert.isUndefined(called())
  })

  it("installs again when the lock has moved on", () => {
    note(noteOf("1.0.0"))
    assert.match(bootstrap().stdout, /^Updating dependencies/)
    assert.isDefined(called())
  })

  it("installs again when the lock has dropped a package, but leaves what you tried out alone", () => {
    note(noteOf("2.0.0", { "node_modules/tried": { version: "1.0.0", extraneous: true } }))
    assert.deepStrictEqual(bootstrap(), silent)
    note(noteOf("2.0.0", { "node_modules/dropped": { version: "1.0.0" } }))
    assert.match(bootstrap().stdout, /^Updating dependencies/)
  })

  it("does not install again because a checkout touched the lock", () => {
    note(noteOf("2.0.0"))
    fs.utimesSync(path.join(root, "package-lock.json"), new Date(), new Date(Date.now() + 60_000))
    assert.deepStrictEqual(bootstrap(), silent)
  })

  it("shows what npm said when the install fails, and stops", () => {
    npm(`console.error("npm error network is down"); process.exit(1)`)
    const { status, stderr } = bootstrap()
    assert.strictEqual(status, 1)
    assert.match(stderr, /network is down[^]*Run `npm ci` here/)
  })

  it("stops with advice when scripts would run on a Node that is too old", () => {
    note(noteOf("2.0.0"))
    write("package.json", { engines: { node: ">=22.19" } })
    write("node_modules/.bin/node", "#!/bin/sh\necho v20.20.2\n")
    fs.chmodSync(path.join(root, "node_modules/.bin/node"), 0o755)
    const { status, stderr } = bootstrap()
    assert.strictEqual(status, 1)
    assert.match(stderr, /needs Node 22\.19 or newer, and its scripts would run on 20\.20\.2\.[^]*Install Node 22\.19/)
  })

  it("puts a brought Node that does not run here out of the way, so that yours is used", () => {
    note(noteOf("2.0.0"))
    write("node_modules/.bin/node", "not for this machine")
    fs.chmodSync(path.join(root, "node_modules/.bin/node"), 0o755)
    assert.deepStrictEqual(bootstrap(), silent)
    assert.isFalse(fs.existsSync(path.join(root, "node_modules/.bin/node")))
  })
})
