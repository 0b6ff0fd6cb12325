/**
 * What the doctor looks at: the settings of a program that is started like the doctor is, and where it stands.
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as HeadersFile from "../../layers/HeadersFile.ts"
import * as TracingConfig from "../../layers/TracingConfig.ts"

export interface Setup extends TracingConfig.ExaminedConfig {
  /** Names of all variables that look as if they were meant for tracing, those too that nobody reads. */
  readonly names: ReadonlyArray<string>
  /** Variables that change what Node does on the way to a receiver. */
  readonly surroundings: Readonly<Record<string, string>>
  /** The folder of the program, whose libraries it loads. */
  readonly folder: string
  /** As in `process.version`. */
  readonly nodeVersion: string
}

const meant = /^(TRACING|OTEL)(_|$)/

const surrounding = [
  "HTTP_PROXY",
  "http_proxy",
  "HTTPS_PROXY",
  "https_proxy",
  "ALL_PROXY",
  "all_proxy",
  "NO_PROXY",
  "no_proxy",
  "NODE_TLS_REJECT_UNAUTHORIZED",
  "NODE_USE_ENV_PROXY"
]

/** Providers differ in where they cut a name; joined, it is the same. */
const namesIn = (
  provider: ConfigProvider.ConfigProvider,
  path: ReadonlyArray<string> = []
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const node = yield* Effect.orElseSucceed(provider.load(path), () => undefined)
    const own = node?.value === undefined || path.length === 0 ? [] : [path.join("_")]
    if (node?._tag !== "Record") return own
    const inside = [...node.keys].filter((key) => path.length > 0 || meant.test(key))
    const names = yield* Effect.forEach(inside, (key) => namesIn(provider, [...path, key]))
    return [...own, ...names.flat()]
  })

const valueOf = (provider: ConfigProvider.ConfigProvider, key: string): Effect.Effect<string | undefined> =>
  Effect.map(
    Effect.orElseSucceed(provider.load([key]), () => undefined),
    (node) => node?.value ?? undefined
  )

/** With the headers that a file holds now, as the program would send them; what is wrong with that file is a problem. */
const withHeaders = (examined: TracingConfig.ExaminedConfig): Effect.Effect<TracingConfig.ExaminedConfig> => {
  const { problems, settings } = examined
  if (settings.headersFile === undefined) return Effect.succeed(examined)
  return HeadersFile.make(settings.headersFile, settings.otlp.headers).pipe(
    Effect.flatMap(({ current }) => current),
    Effect.match({
      onSuccess: (headers) => {
        const otlp = { ...settings.otlp, headers: Redacted.make(headers) }
        return { ...examined, settings: { ...settings, otlp } }
      },
      onFailure: (error) => ({ ...examined, problems: [...problems, ...error.problems] })
    })
  )
}

/** Reads it from the current `ConfigProvider`. */
export const read = Effect.fnUntraced(function* (place: Pick<Setup, "folder" | "nodeVersion">) {
  const provider = yield* ConfigProvider.ConfigProvider
  const examined = yield* Effect.flatMap(TracingConfig.examine, withHeaders)
  const values = yield* Effect.forEach(surrounding, (key) =>
    Effect.map(valueOf(provider, key), (value) => [key, value] as const)
  )
  const surroundings = Object.fromEntries(values.filter((entry): entry is [string, string] => entry[1] !== undefined))
  return { ...examined, ...place, surroundings, names: yield* namesIn(provider) } satisfies Setup
})
