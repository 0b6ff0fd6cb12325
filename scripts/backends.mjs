/**
 * Tracing backends for test/integration, at pinned versions: Jaeger and the OpenTelemetry Collector built with Go,
 * Zipkin's server fetched with Maven.
 *
 * What is made is kept in `.cache/backends`, and made again when its version changes. Needs no Docker; a machine without
 * Go, Java or Maven, or without a way to their packages, has no backend, and hears why.
 */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { createReadStream, existsSync, mkdirSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const cache = join(root, ".cache", "backends")

const jaegerVersion = "1.76.0"
const collectorVersion = "0.140.0"
const zipkinVersion = "3.5.1"
const zipkinHash = "7ac633a6832647e71e50012a5e3e91fbc7054414955261724526030faf271d8d"

/** Some 600 packages, five minutes on two cores; seconds where Go still has them. */
const longestBuild = 15 * 60_000
const longestFetch = 4 * 60_000

const run = (command, args, options) => {
  const result = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], ...options })
  if (result.status === 0) return
  if (result.error?.code === "ENOENT") throw new Error(`${command} is not installed`)
  if (result.error?.code === "ETIMEDOUT")
    throw new Error(`${command} took longer than ${options.timeout / 60_000} minutes`)
  const said = `${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`.trim().split("\n")
  throw new Error(`${command} ${args[0]}: ${said.at(-1)}`)
}

/** Makes a file unless it is there. It gets its name when it is whole. */
const cached = async (name, make) => {
  const file = join(cache, name)
  if (existsSync(file)) return file
  const unfinished = join(cache, `unfinished-${process.pid}`)
  mkdirSync(unfinished, { recursive: true })
  try {
    await make(join(unfinished, name), unfinished)
    renameSync(join(unfinished, name), file)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return file
}

/** Builds a program of the Go module in this folder of test/integration, which pins all that goes into it. */
const built = (folder, version, program, name) =>
  cached(`${folder}-${version}`, (file) => {
    console.log(`Building ${name} ${version}, minutes the first time …`)
    run("go", ["build", "-p=2", "-mod=readonly", "-trimpath", "-ldflags=-s -w", "-o", file, program], {
      cwd: join(root, "test", "integration", folder),
      // No other Go than the one that is there; the version it needs is in go.mod
      env: { ...process.env, GOTOOLCHAIN: "local", CGO_ENABLED: "0", GOFLAGS: "" },
      timeout: longestBuild
    })
  })

/** The program, which reads test/integration/jaeger/config.yaml. Its page is not part of the module, and not needed. */
export const jaeger = () => built("jaeger", jaegerVersion, "github.com/jaegertracing/jaeger/cmd/jaeger", "Jaeger")

/** The program, which reads test/integration/collector/config.yaml. Most of it is what Jaeger is made of, too. */
export const collector = () => built("collector", collectorVersion, ".", "the OpenTelemetry Collector")

/** The jar, for `java -jar`. */
export const zipkin = () => {
  const name = `zipkin-server-${zipkinVersion}-exec.jar`
  return cached(name, async (file, folder) => {
    console.log(`Fetching Zipkin ${zipkinVersion} …`)
    run("java", ["-version"], { timeout: longestFetch })
    run(
      "mvn",
      [
        "-q",
        "-B",
        "dependency:copy",
        `-Dartifact=io.zipkin:zipkin-server:${zipkinVersion}:jar:exec`,
        `-DoutputDirectory=${folder}`
      ],
      { cwd: folder, timeout: longestFetch }
    )
    const hash = createHash("sha256")
    await pipeline(createReadStream(file), hash)
    if (hash.digest("hex") !== zipkinHash) throw new Error(`${name} is not the file it was`)
  })
}
