/**
 * The environment of a process as a carrier, for what is started and not called: jobs, builds, command lines.
 *
 * @see https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 */
import type { Carrier } from "./CarrierLines.ts"

/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** `X-B3-TraceId` is `X_B3_TRACEID`. */
const variableOf = (header: string): string => header.toUpperCase().replace(/[^A-Z0-9_]/g, "_")

const variable = /^[A-Z_][A-Z0-9_]*$/

/** The variables, with headers in place of what was there under the names of `fields`. */
export const withHeaders = (
  env: Environment,
  headers: Readonly<Record<string, string>>,
  fields: ReadonlyArray<string>
): Record<string, string> => {
  const written = Object.entries(headers).map(([name, value]): [string, string] => [variableOf(name), value])
  const replaced = new Set([...fields.map(variableOf), ...written.map(([name]) => name)])
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !replaced.has(entry[0].toUpperCase())
  )
  return Object.fromEntries([...kept, ...written])
}

/**
 * The context that this process was started with, as a carrier: give it `process.env`.
 *
 * ```ts
 * NodeRuntime.runMain(program.pipe(Carrier.continueFrom(Carrier.fromEnv(process.env))))
 * ```
 */
export const fromEnv = (env: Environment): Carrier =>
  Object.fromEntries(
    Object.entries(env)
      .filter(([name]) => variable.test(name))
      .map(([name, value]) => [name.toLowerCase().replaceAll("_", "-"), value])
  )
