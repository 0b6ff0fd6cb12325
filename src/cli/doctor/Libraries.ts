/**
 * Whether the libraries of a program fit together: one `effect`, one OpenTelemetry, and a Node that is new enough.
 */
import * as Effect from "effect/Effect"
import type { Check, Finding } from "./Check.ts"
import * as InstalledCopies from "./InstalledCopies.ts"
import type { Copy } from "./InstalledCopies.ts"
import type { Setup } from "./Setup.ts"

const listed = (found: ReadonlyArray<Copy>): string =>
  found.map(({ path, version }) => `${version} in ${path}`).join(", ")

const partsOf = (version: string): readonly [major: number, minor: number] => {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number)
  return [major, minor]
}

const name = "libraries"

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
        check: name,
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
        check: name,
        severity: "problem",
        summary: `There are ${found.length} copies of effect, which do not share fibers`,
        tried,
        seen,
        advice:
          "Spans of code that uses the other copy do not appear, or begin traces of their own. Have one: npm ls effect says who wants which, npm dedupe may be enough."
      }
    ]
  }
  return found.length === 0
    ? []
    : [{ check: name, severity: "ok", summary: `There is one effect, ${found[0]!.version}`, tried, seen }]
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
    return [{ check: name, severity: "ok", summary: `@opentelemetry/api is ${first.version}`, tried, seen }]
  }
  return [
    {
      check: name,
      severity: "warning",
      summary: "Copies of @opentelemetry/api differ, so some instrumentation does not see these spans",
      tried,
      seen,
      advice:
        "A copy ignores what an older one has registered. Have one: npm ls @opentelemetry/api says who wants which; an override in package.json settles it."
    }
  ]
}

const sdk = (found: ReadonlyArray<Copy>): ReadonlyArray<Finding> => {
  const majors = new Set(found.map(({ version }) => partsOf(version)[0]))
  return majors.size < 2
    ? []
    : [
        {
          check: name,
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
          check: name,
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
  const shared = { check: name, tried: "the version of Node", seen: nodeVersion }
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
export const check = (setup: Setup): Check => ({
  name,
  run: Effect.map(InstalledCopies.find(setup.folder), (of) => [
    node(setup),
    ...effect(of("effect")),
    ...openTelemetry(of("@opentelemetry/api")),
    ...sdk(of("@opentelemetry/sdk-trace-base")),
    ...own(of("@gorax/tracing"))
  ])
})
