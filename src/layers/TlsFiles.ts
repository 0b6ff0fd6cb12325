/**
 * Certificates and keys, read when the layer is built: a file that is no use fails it, like any other setting.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "node:fs/promises"
import * as Tls from "node:tls"
import type { OtlpTls } from "../export/OtlpTransport.ts"
import * as SettingTable from "./SettingTable.ts"
import type { TracingConfig } from "./TracingConfig.ts"
import { TracingConfigError, type TracingConfigProblem } from "./TracingConfigError.ts"

type TlsSetting = "certificate" | "clientCertificate" | "clientKey"

const problem = (
  { sources, tls }: TracingConfig,
  setting: TlsSetting,
  rule: string,
  error: unknown
): TracingConfigProblem => ({
  key: sources[setting] ?? SettingTable.table[setting].key,
  rule,
  value: `${JSON.stringify(tls[setting])} (${String(Reflect.get(Object(error), "code") ?? "no reason given")})`
})

const file = (settings: TracingConfig, setting: TlsSetting): Effect.Effect<Buffer | undefined, TracingConfigError> => {
  const name = settings.tls[setting]
  if (name === undefined) return Effect.succeed(undefined)
  return Effect.tryPromise({
    try: () => FileSystem.readFile(name),
    catch: (error) => new TracingConfigError([problem(settings, setting, "the name of a file that can be read", error)])
  })
}

/** Fails unless Node can use them. Never says what is in them. */
const usable = (settings: TracingConfig, setting: TlsSetting, tls: OtlpTls): Effect.Effect<void, TracingConfigError> =>
  Effect.try({
    try: () => void Tls.createSecureContext(tls),
    catch: (error) => new TracingConfigError([problem(settings, setting, "a file in PEM form", error)])
  })

/** Reads the files that the settings name. */
export const read = Effect.fnUntraced(function* (
  settings: TracingConfig
): Effect.fn.Return<OtlpTls, TracingConfigError> {
  const ca = yield* file(settings, "certificate")
  const cert = yield* file(settings, "clientCertificate")
  const key = yield* file(settings, "clientKey")
  if (ca !== undefined) yield* usable(settings, "certificate", { ca })
  if (cert !== undefined) yield* usable(settings, "clientCertificate", { cert })
  if (cert !== undefined && key !== undefined) yield* usable(settings, "clientKey", { cert, key })
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
})
