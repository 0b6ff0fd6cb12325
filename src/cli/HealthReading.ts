/**
 * What running programs, and programs that are gone, say of their tracing: at `TRACING_HEALTH_URL`, and in files beside
 * the spool.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as FileSystem from "node:fs/promises"
import * as path from "node:path"
import * as HealthFile from "../layers/HealthFile.ts"
import { HealthSnapshot } from "../layers/HealthSnapshot.ts"
import type { TracingConfig } from "../layers/TracingConfig.ts"
import * as Wire from "./doctor/Wire.ts"

export interface HealthReading {
  /** Where it was read. */
  readonly from: string
  /** A failure says why it could not be read. */
  readonly snapshot: Result.Result<HealthSnapshot, string>
}

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.toCodecJson(HealthSnapshot)))

const fromText = (text: string): Result.Result<HealthSnapshot, string> =>
  Result.mapError(decode(text), () => "what is there is not a health snapshot of this version")

const withoutSecrets = (url: URL): string => url.origin + url.pathname

/** Asks a running program. */
const fromUrl = (url: URL): Effect.Effect<HealthReading> => {
  const login = Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`)
  const headers = url.username === "" ? {} : { authorization: `Basic ${login.toString("base64")}` }
  return Effect.map(Effect.result(Wire.ask({ url, headers })), (asked) => ({
    from: withoutSecrets(url),
    snapshot: Result.isFailure(asked)
      ? Result.fail(asked.failure.message)
      : asked.success.status === 200
        ? fromText(asked.success.text)
        : Result.fail(`HTTP status ${asked.success.status}`)
  }))
}

/** No snapshot is as long. */
const longest = 1_000_000

const attempt = <A>(action: () => Promise<A>) => Effect.tryPromise({ try: action, catch: (error) => error })

const fromFile = (file: string): Effect.Effect<ReadonlyArray<HealthReading>> =>
  Effect.gen(function* () {
    const { size } = yield* attempt(() => FileSystem.stat(file))
    if (size > longest) return []
    const snapshot = fromText(yield* attempt(() => FileSystem.readFile(file, "utf8")))
    return [{ from: `process ${path.basename(file, ".json")}`, snapshot }]
  }).pipe(Effect.orElseSucceed(() => []))

const besideSpool = Effect.fnUntraced(function* (spool: string): Effect.fn.Return<ReadonlyArray<HealthReading>> {
  const folder = HealthFile.folderOf(spool)
  const names = yield* Effect.orElseSucceed(
    attempt(() => FileSystem.readdir(folder)),
    () => []
  )
  const files = names.filter((name) => name.endsWith(".json")).map((name) => path.join(folder, name))
  return (yield* Effect.forEach(files, fromFile)).flat()
})

/** Everything that these settings lead to; the running program first. */
export const all = Effect.fnUntraced(function* ({
  healthUrl,
  spool
}: Pick<TracingConfig, "healthUrl" | "spool">): Effect.fn.Return<ReadonlyArray<HealthReading>> {
  const asked = healthUrl === undefined ? [] : [yield* fromUrl(Redacted.value(healthUrl))]
  return [...asked, ...(spool === undefined ? [] : yield* besideSpool(spool.directory))]
})
