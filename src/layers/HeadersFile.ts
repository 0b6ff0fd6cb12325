/**
 * `TRACING_HEADERS_FILE`: headers in a file that others write, and write again when a token has changed.
 *
 * Each line is in the form of `TRACING_HEADERS`; empty lines and such that
 * begin with `#` say nothing. The file is read again only when it looks
 * changed, by its time, size or number.
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as FileSystem from "node:fs/promises"
import * as path from "node:path"
import { type Headers, type HeadersSource, RotatingHeaders } from "../export/RotatingHeaders.ts"
import * as SettingRule from "./SettingRule.ts"
import * as SettingTable from "./SettingTable.ts"
import { TracingConfigError } from "./TracingConfigError.ts"

/** No file of headers is larger; a name that leads elsewhere must not fill memory. */
const largest = 64 * 1024

export const rule = `a file of ${SettingRule.headers.expects}, one or more a line`

/** Reads what a file holds; `undefined` when that is no header, or too much. Total. */
export const parse = (text: string): Headers | undefined => {
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const said = lines.filter((line) => line !== "" && !line.startsWith("#")).join(",")
  const headers = said === "" ? undefined : SettingRule.headers.parse(said)
  return headers === undefined || Object.keys(headers).length === 0 ? undefined : headers
}

const codeOf = (error: unknown): string => String(Reflect.get(Object(error), "code") ?? "no reason given")

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, string> => Effect.tryPromise({ try: run, catch: codeOf })

/** Fails with what is wrong with it, and never says what is in it. `fixed` are sent as well, where it says nothing else. */
const source = (file: string, fixed: Headers): HeadersSource => {
  let seen = ""
  let last: Redacted.Redacted<Headers> | undefined
  return {
    name: `${SettingTable.table.headersFile.key} (${file})`,
    ask: Effect.gen(function* () {
      const { ino, mtimeMs, size } = yield* attempt(() => FileSystem.stat(file))
      const looks = `${ino} ${mtimeMs} ${size}`
      if (last !== undefined && looks === seen) return last
      last = undefined
      if (size > largest) return yield* Effect.fail(`more than ${largest} bytes`)
      const headers = parse(yield* attempt(() => FileSystem.readFile(file, "utf8")))
      // Perhaps somebody is just writing it: it is read again until it holds headers
      if (headers === undefined) return yield* Effect.fail("not in the form of headers")
      seen = looks
      return (last = Redacted.make({ ...fixed, ...headers }))
    })
  }
}

/** Reads it for the first time: one that is of no use then fails the layer, like any other setting. */
export const make = Effect.fnUntraced(function* (
  written: string,
  fixed: Redacted.Redacted<Headers>
): Effect.fn.Return<RotatingHeaders, TracingConfigError> {
  // The program may go elsewhere
  const from = source(path.resolve(written), Redacted.value(fixed))
  const first = yield* Effect.mapError(
    from.ask,
    (why) =>
      new TracingConfigError([
        { key: SettingTable.table.headersFile.key, rule, value: `${JSON.stringify(written)} (${why})` }
      ])
  )
  return new RotatingHeaders(from, first)
})
