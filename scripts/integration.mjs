/**
 * Runs test/integration against real servers, databases and tracing backends, and says which of them it could not get.
 *
 * A server you already have is used as it is: set its URL. Otherwise a private one is started on a free port from the
 * binaries of this machine, and stopped at the end; on a Debian where we are root, missing binaries are installed first.
 * Tests skip themselves when the URL they need is not set. Arguments go to vitest.
 */
import { spawn, spawnSync } from "node:child_process"
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"
import * as backends from "./backends.mjs"

const root = fileURLToPath(new URL("..", import.meta.url))
const isRoot = process.getuid?.() === 0
const directory = mkdtempSync(join(tmpdir(), "gorax-integration-"))
const servers = []

const pathFolders = (process.env.PATH ?? "").split(delimiter)
const find = (name, folders = pathFolders) =>
  folders.map((folder) => join(folder, name)).find((file) => existsSync(file))

const run = (command, args, options) => {
  const result = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], ...options })
  if (result.status === 0) return result.stdout.trim()
  const said = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`.trim().split("\n")
  throw new Error(`${command} ${args[0] ?? ""}: ${said.at(-1)}`)
}

/** Installs a Debian package; the list of packages is only refreshed when it has to be. */
const aptInstall = (name) => {
  if (!isRoot || find("apt-get") === undefined) throw new Error(`${name} is not installed`)
  console.log(`Installing ${name} …`)
  const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, timeout: 240_000 }
  const install = () => run("apt-get", ["install", "--yes", "-qq", "--no-install-recommends", name], options)
  try {
    install()
  } catch {
    run("apt-get", ["update", "-qq"], options)
    install()
  }
}

/** All of them are held until the last is known, so that no two are the same. */
const freePorts = async (count) => {
  const held = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve, reject) => {
          const server = createServer()
          server.on("error", reject)
          server.listen(0, "127.0.0.1", () => resolve(server))
        })
    )
  )
  const ports = held.map((server) => server.address().port)
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

const freePort = async () => (await freePorts(1))[0]

const accepts = (port) =>
  new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" })
    const end = (answer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.on("connect", () => end(true)).on("error", () => end(false))
  })

/** Starts a server and waits until it accepts connections, a minute at most. */
const serve = async (port, command, args, options) => {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "ignore", "pipe"] })
  let said = ""
  child.stderr.on("data", (chunk) => (said = (said + chunk).slice(-2000)))
  child.on("error", (error) => (said = error.message))
  servers.push(child)
  for (const until = Date.now() + 60_000; Date.now() < until && child.exitCode === null;) {
    if (await accepts(port)) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`${command} did not start: ${said.trim().split("\n").at(-1)}`)
}

const startPostgres = async () => {
  const versions = "/usr/lib/postgresql"
  const folders = () => [
    ...pathFolders,
    ...(existsSync(versions) ? readdirSync(versions).map((version) => join(versions, version, "bin")) : [])
  ]
  if (find("initdb", folders()) === undefined) aptInstall("postgresql")
  const bin = (name) => find(name, folders()) ?? join(versions, name)
  // The server refuses to run as root; its package brings a user for it
  const id = (flag) => Number(run("id", [flag, "postgres"]))
  const options = { cwd: directory, ...(isRoot ? { uid: id("-u"), gid: id("-g") } : {}) }
  if (isRoot) chownSync(directory, options.uid, options.gid)
  const data = join(directory, "postgres")
  run(bin("initdb"), ["--pgdata", data, "--username", "gorax", "--auth", "trust", "--no-sync"], options)
  const port = await freePort()
  const settings = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${directory}`, "fsync=off"]
  await serve(port, bin("postgres"), ["-D", data, ...settings.flatMap((setting) => ["-c", setting])], options)
  return `postgres://gorax@127.0.0.1:${port}/postgres`
}

const startRedis = async () => {
  if (find("redis-server") === undefined) aptInstall("redis-server")
  const port = await freePort()
  await serve(port, "redis-server", ["--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--dir", directory])
  return `redis://127.0.0.1:${port}`
}

/** Every way in has a variable of its own, for a Jaeger that was not started here too. */
const startJaeger = async (program) => {
  const config = join(root, "test", "integration", "jaeger", "config.yaml")
  const ports = await freePorts(6)
  const [query, queryGrpc, otlp, grpc, thrift, agent] = ports
  await serve(thrift, program, ["--config", config], {
    env: {
      ...process.env,
      JAEGER_QUERY_PORT: query,
      JAEGER_QUERY_GRPC_PORT: queryGrpc,
      JAEGER_OTLP_PORT: otlp,
      JAEGER_GRPC_PORT: grpc,
      JAEGER_THRIFT_PORT: thrift,
      JAEGER_AGENT_PORT: agent
    }
  })
  Object.assign(process.env, {
    TEST_JAEGER_OTLP_URL: `http://127.0.0.1:${otlp}`,
    TEST_JAEGER_GRPC_URL: `http://127.0.0.1:${grpc}`,
    TEST_JAEGER_THRIFT_URL: `http://127.0.0.1:${thrift}`,
    TEST_JAEGER_AGENT: `127.0.0.1:${agent}`
  })
  return `http://127.0.0.1:${query}`
}

/** Its file is what it says of the traces it was given: it has no other voice. */
const startCollector = async (program) => {
  const config = join(root, "test", "integration", "collector", "config.yaml")
  const [otlp, grpc] = await freePorts(2)
  const file = join(directory, "collector.jsonl")
  await serve(otlp, program, ["--config", config], {
    env: { ...process.env, COLLECTOR_OTLP_PORT: otlp, COLLECTOR_GRPC_PORT: grpc, COLLECTOR_FILE: file }
  })
  Object.assign(process.env, { TEST_COLLECTOR_GRPC_URL: `http://127.0.0.1:${grpc}`, TEST_COLLECTOR_FILE: file })
  return `http://127.0.0.1:${otlp}`
}

const startZipkin = async (jar) => {
  const port = await freePort()
  const loopbackOnly = ["ip=127.0.0.1", `port=${port}`, "protocols[0]=http"].map((rule) => `--armeria.ports[0].${rule}`)
  await serve(port, "java", ["-Xmx256m", "-jar", jar, ...loopbackOnly], { cwd: directory })
  return `http://127.0.0.1:${port}`
}

/** The browser in which the viewer's page is tried, and the page. */
const findChromium = () => {
  const installed = () => ["chromium", "chromium-browser", "google-chrome"].map((name) => find(name)).find(Boolean)
  if (installed() === undefined) aptInstall("chromium")
  run(process.execPath, [join(root, "scripts", "page.mjs")], { cwd: root })
  return installed()
}

/** A port that was free may be somebody else's a moment later. Then there is a second try. */
const twice = (get, start) => async () => {
  const file = await get()
  return start(file).catch(() => start(file))
}

const needs = [
  { name: "PostgreSQL", variable: "TEST_POSTGRES_URL", start: startPostgres },
  { name: "Redis", variable: "TEST_REDIS_URL", start: startRedis },
  { name: "Jaeger", variable: "TEST_JAEGER_URL", start: twice(backends.jaeger, startJaeger) },
  {
    name: "OpenTelemetry Collector",
    variable: "TEST_COLLECTOR_URL",
    start: twice(backends.collector, startCollector)
  },
  { name: "Zipkin", variable: "TEST_ZIPKIN_URL", start: twice(backends.zipkin, startZipkin) },
  { name: "Chromium", variable: "TEST_CHROMIUM", start: findChromium }
]

const runTests = () =>
  new Promise((resolve) => {
    const args = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/integration/vitest.config.ts"]
    const child = spawn(process.execPath, [...args, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" })
    child.on("close", (status) => resolve(status ?? 1))
  })

const missing = []
process.exitCode = 1
try {
  for (const { name, start, variable } of needs) {
    try {
      const given = process.env[variable]
      if (given === undefined || given === "") process.env[variable] = await start()
      console.log(`${name}: ${given ? `yours, from ${variable}` : process.env[variable]}`)
    } catch (error) {
      delete process.env[variable]
      missing.push(`${name}: ${error.message}. Its tests are skipped; set ${variable} to use a server you have.`)
    }
  }
  for (const line of missing) console.log(line)
  process.exitCode = await runTests()
  for (const line of missing) console.log(line)
} finally {
  for (const child of servers) {
    if (child.exitCode !== null || child.pid === undefined) continue
    const ended = new Promise((resolve) => child.on("close", resolve))
    // PostgreSQL's fast shutdown, and redis takes it too
    child.kill("SIGINT")
    await ended
  }
  rmSync(directory, { recursive: true, force: true })
}
