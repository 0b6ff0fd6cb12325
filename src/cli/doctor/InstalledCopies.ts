/**
 * The copies of a package that a program may load: in `node_modules` of its folder and of the folders above it, as Node
 * looks, also where pnpm keeps packages. Nothing of it is loaded.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fs from "node:fs"
import * as path from "node:path"

export interface Copy {
  readonly version: string
  readonly path: string
}

const packages = ["effect", "@gorax/tracing", "@opentelemetry/api", "@opentelemetry/sdk-trace-base"] as const

export type Package = (typeof packages)[number]

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
export const find = Effect.fnUntraced(function* (folder: string) {
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
