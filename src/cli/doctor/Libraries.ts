/**
 * Whether the libraries of a program fit together: one `effect`, one OpenTelemetry, and a Node that is new enough.
 *
 * Looks into `node_modules` of the program and of the folders above it, as
 * Node does, also where pnpm keeps packages. Nothing of it is loaded.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Check, Finding } from "./Check.ts"
import type { Setup } from "./Setup.ts"

interface Copy {
  readonly version: string
  readonly path: string
}

const packages = ["effect", "@gorax/tracing", "@opentelemetry/api", "@opentelemetry/sdk-trace-base"] as const

type Package = (typeof packages)[number]

/** No program has as many folders of packages; one that hangs together in a circle would have more. */
const mostFolders = 20_000

const entriesOf = (folder: string): ReadonlyArray<string> =>
  Result.getOrElse(
    Result.try(() => fs.readdirSync(folder)),
    () => []
  )

const versionOf = (folder: string): string | undefined =>
  Result.getOrElse(
    Result.try(() => {
      const { version }: { readonly version?: unknown } = JSON.parse(
        fs.readFileSync(path.join(folder, "package.json"), "utf8")
      )
      return typeof version === "string" ? version : undefined
    }),
    () => undefined
  )

/** `node_modules` of the folder, and of all above it. */
const roots = (folder: string): ReadonlyArray<string> => {
  const above = path.dirname(folder)
  return [path.join(folder, "node_modules"), ...(above === folder ? [] : roots(above))]
}

const inFolder = (folder: string): ReadonlyArray<string> =>
  entriesOf(folder).flatMap((name) =>
    name.startsWith("@")
      ? entriesOf(path.join(folder, name)).map((inner) => path.join(folder, name, inner))
      : name === ".pnpm"
        ? entriesOf(path.join(folder, name)).map((inner) => path.join(folder, name, inner))
        : name.startsWith(".")
          ? []
          : [path.join(folder, name)]
  )

/** Every copy of the packages, each real folder once. Gives way in between. */
const copies = Effect.fnUntraced(function* (folder: string) {
  const found = new Map<Package, Map<string, Copy>>(packages.map((name) => [name, new Map()]))
  const waiting = [...roots(folder)]
  const seen = new Set<string>()
  for (let count = 0; waiting.length > 0 && count < mostFolders; count++) {
    const next = waiting.shift()!
    const real = Result.getOrElse(
      Result.try(() => fs.realpathSync(next)),
      () => undefined
    )
    if (real === undefined || seen.has(real)) continue
    seen.add(real)
    for (const name of packages) {
      const at = path.join(real, name)
      const version = versionOf(at)
      if (version === undefined) continue
      const where = fs.realpathSync(at)
      found.get(name)!.set(where, { version, path: path.relative(folder, where) || "." })
    }
    for (const inner of inFolder(real)) waiting.push(path.join(inner, "node_modules"))
    if (count % 50 === 49) yield* Effect.yieldNow
  }
  return (name: Package): ReadonlyArray<Copy> => [...found.get(name)!.values()]
})

const listed = (found: ReadonlyArray<Copy>): string =>
  found.map(({ path, version }) => `${version} in ${path}`).join(", ")

const partsOf = (version: string): readonly [major: number, minor: number] => {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number)
  return [major, minor]
}

const check = "libraries"

const effect = (found: ReadonlyArray<Copy>): ReadonlyArray<Finding> => {
  const seen = listed(found)
  const tried = "to find every copy of effect"
  const tooOld = found.find(({ version }) => {
    const [major, minor] = partsOf(version)
    return major !== 4 || minor < 1
  })
  if (tooOld !== undefined) {
    return [
      {
        check,
        severity: "problem",
        summary: `effect ${tooOld.version} is not one that this library works with`,
        tried,
        seen,
        advice: "Install effect 4.1 or newer, of the major version 4: npm install effect@^4.1.0."
      }
    ]
  }
  if (found.length > 1) {
    return [
      {
        check,
        severity: "problem",
        summary: `There are ${found.length} copies of effect, which do not share fibers`,
        tried,
        seen,
        advice: "Spans of code that uses the other copy do not appear, or begin traces of their own. Have one: npm ls effect says who wants which, npm dedupe may be enough."
      }
    ]
  }
  return found.length === 0
    ? []
    : [{ check, severity: "ok", summary: `There is one effect, ${found[0]!.version}`, tried, seen }]
}

/** As OpenTelemetry has it: who is newer by a minor version does not use what an older one has registered. */
const openTelemetry = (found: ReadonlyArray<Copy>): ReadonlyArray<Finding> => {
  const [first, ...others] = found
  if (first === undefined) return []
  const tried = "to find every copy of @opentelemetry/api"
  const seen = listed(found)
  const [major, minor] = partsOf(first.version)
  const isClash = others.some(({ version }) => {
    const [otherMajor, otherMinor] = partsOf(version)
    return otherMajor !== major || otherMinor !== minor
  })
  if (!isClash) {
    return [{ check, severity: "ok", summary: `@opentelemetry/api is ${first.version}`, tried, seen }]
  }
  return [
    {
      check,
      severity: "warning",
      summary: "Copies of @opentelemetry/api differ, so some instrumentation does not see these spans",
      tried,
      seen,
      advice: "A copy ignores what an older one has registered. Have one: npm ls @opentelemetry/api says who wants which; an override in package.json settles it."
    }
  ]
}

const sdk = (found: ReadonlyArray<Copy>): ReadonlyArray<Finding> => {
  const majors = new Set(found.map(({ version }) => partsOf(version)[0]))
  return majors.size < 2
    ? []
    : [
        {
          check,
          severity: "warning",
          summary: "There are OpenTelemetry SDKs of several major versions, which do not take each other's spans",
          tried: "to find every copy of @opentelemetry/sdk-trace-base",
          seen: listed(found),
          advice: "Bring the packages of OpenTelemetry to one line: 2.12 and 0.223."
        }
      ]
}

const own = (found: ReadonlyArray<Copy>): ReadonlyArray<Finding> =>
  found.length < 2
    ? []
    : [
        {
          check,
          severity: "warning",
          summary: `There are ${found.length} copies of @gorax/tracing, each with settings and exporters of its own`,
          tried: "to find every copy of @gorax/tracing",
          seen: listed(found),
          advice: "Have one: npm ls @gorax/tracing says who wants which."
        }
      ]

const oldest = [22, 19] as const

const node = ({ nodeVersion }: Setup): Finding => {
  const [major, minor] = partsOf(nodeVersion)
  const isOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1])
  const shared = { check, tried: "the version of Node", seen: nodeVersion }
  return isOld
    ? {
        ...shared,
        severity: "problem",
        summary: `Node ${nodeVersion} is too old`,
        advice: `Have Node ${oldest.join(".")} or newer. This is the Node that runs the doctor: look which one runs the program.`
      }
    : { ...shared, severity: "ok", summary: `Node ${nodeVersion} is new enough` }
}

/** What is installed where the program is. */
export const all = (setup: Setup): Check => ({
  name: check,
  run: Effect.map(copies(setup.folder), (of) => [
    node(setup),
    ...effect(of("effect")),
    ...openTelemetry(of("@opentelemetry/api")),
    ...sdk(of("@opentelemetry/sdk-trace-base")),
    ...own(of("@gorax/tracing"))
  ])
})
