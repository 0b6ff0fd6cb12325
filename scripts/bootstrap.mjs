/**
 * Makes `npm start` and `npm test` the whole set-up.
 *
 * Runs before every script that needs the dependencies. Installs them when they are missing or not those of
 * package-lock.json, and makes sure that scripts get a Node that is new enough: the repository brings its own
 * (tools/node), and npm puts `node_modules/.bin` first in their PATH.
 *
 * Plain JavaScript without dependencies, because it runs on whatever Node a machine happens to have (18 and later).
 * With nothing to do it says nothing and takes a few milliseconds.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync, realpathSync, rmSync } from "node:fs"
import { dirname, join, sep } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))
const windows = process.platform === "win32"

const readJson = (...path) => {
  try {
    return JSON.parse(readFileSync(join(root, ...path), "utf8"))
  } catch {
    return undefined
  }
}

const stop = (message) => {
  console.error(message)
  process.exit(1)
}

/**
 * Whether node_modules is what the lock says. npm notes what it installed in node_modules/.package-lock.json, at the
 * very end, so an install that broke off counts as none. Contents are compared, not times: a checkout changes times.
 */
const isInstalled = () => {
  const wanted = readJson("package-lock.json")?.packages ?? stop("package-lock.json is missing or cannot be read.")
  const found = readJson("node_modules", ".package-lock.json")?.packages
  if (found === undefined) return false
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes("node_modules/")) continue
    const have = found[path]
    if (have === undefined ? !entry.optional : have.version !== entry.version || have.integrity !== entry.integrity) {
      return false
    }
  }
  return Object.entries(found).every(([path, entry]) => entry.extraneous || path in wanted)
}

const install = () => {
  const started = Date.now()
  console.log(`${existsSync(join(root, "node_modules")) ? "Updating" : "Installing"} dependencies, about 15 s …`)
  // The npm that runs this script, by the Node it runs on: that Node is not the one about to be replaced.
  const cli = process.env.npm_execpath
  const isNpm = cli !== undefined && cli.endsWith("npm-cli.js")
  const result = spawnSync(
    isNpm ? (process.env.npm_node_execpath ?? process.execPath) : "npm",
    // Development dependencies even under NODE_ENV=production; no install scripts, nothing here needs one.
    [...(isNpm ? [cli] : []), "ci", "--include=dev", "--include=optional", "--ignore-scripts", "--loglevel=error"],
    { cwd: root, encoding: "utf8", shell: windows && !isNpm, stdio: ["ignore", "pipe", "pipe"] }
  )
  if (result.status !== 0) {
    const said = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`.trim()
    stop(`${said}\n\nThe dependencies could not be installed. Run \`npm ci\` here to see all of it, then try again.`)
  }
  console.log(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`)
}

/** The version of the Node that npm scripts get, or undefined when it does not run on this machine. */
const scriptNodeVersion = () => {
  const link = join(root, "node_modules", ".bin", windows ? "node.cmd" : "node")
  const isOurs = realpathSync(process.execPath).startsWith(join(root, "node_modules") + sep)
  if (isOurs || !existsSync(link)) return process.versions.node
  const result = spawnSync(windows ? `"${link}"` : link, ["--version"], { encoding: "utf8", shell: windows })
  if (result.status === 0) return result.stdout.trim().replace(/^v/, "")
  // Installed, but for another C library (Alpine) or another machine: out of the way, so that scripts get this one.
  rmSync(link, { force: true })
  return process.versions.node
}

const isOlder = (version, than) => {
  const [a, b] = [version, than].map((text) => text.split(".").map(Number))
  return a[0] !== b[0] ? a[0] < b[0] : a[1] < (b[1] ?? 0)
}

if (!isInstalled()) install()

const needed = readJson("package.json").engines.node.replace(/^>=/, "")
const version = scriptNodeVersion()
if (isOlder(version, needed)) {
  stop(
    `This repository needs Node ${needed} or newer, and its scripts would run on ${version}.\n` +
      `It brings its own Node for Linux, macOS and Windows (tools/node), but none for ${process.platform}-${process.arch}` +
      ` as it is set up here.\nInstall Node ${needed} or newer from https://nodejs.org, then run the command again.`
  )
}
