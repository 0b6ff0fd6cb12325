/**
 * Appends spans to a file: one OTLP request as JSON a line, the format of the Collector's `file` exporter.
 *
 * A file that would grow beyond its bound is moved to `path.1`, that one to
 * `path.2`, and so on; the oldest is removed. It is readable by its owner
 * alone. A line is written whole or not at all, as far as that is in our
 * hands: after a crash or on a full disk the last one may be torn, and the
 * next begins on a line of its own. Nothing is synchronised: what the
 * system has not put on the disk is lost with it. One process has one file.
 *
 * @see https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as FileSystem from "node:fs/promises"
import type { SpanExporter } from "../model/SpanExporter.ts"
import { ExportError } from "../model/TracingError.ts"
import * as OtlpJson from "./OtlpJson.ts"
import * as SpanEncoding from "./SpanEncoding.ts"

export interface FileExporterOptions {
  readonly path: string
  /** A file is not made larger than this. A batch that is larger by itself has a file of its own. */
  readonly maxBytes: number
  /** How many files there are at most, the one that is written among them. */
  readonly maxFiles: number
}

const lineFeed = 0x0a

/** An open file, and how much is in it. */
class LineFile {
  readonly #handle: FileSystem.FileHandle
  size: number
  /** True when the last line is not whole. */
  #torn: boolean

  private constructor(handle: FileSystem.FileHandle, size: number, torn: boolean) {
    this.#handle = handle
    this.size = size
    this.#torn = torn
  }

  static async open(path: string): Promise<LineFile> {
    const handle = await FileSystem.open(path, "a+", 0o600)
    const { size } = await handle.stat()
    const last = Buffer.alloc(1, lineFeed)
    if (size > 0) await handle.read(last, 0, 1, size - 1)
    return new LineFile(handle, size, last[0] !== lineFeed)
  }

  async append(line: Uint8Array): Promise<void> {
    const bytes = Buffer.concat([Buffer.from(this.#torn ? "\n" : ""), line, Buffer.from("\n")])
    this.#torn = true
    await this.#handle.appendFile(bytes)
    this.#torn = false
    this.size += bytes.length
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

const missing = (error: unknown): boolean => Reflect.get(Object(error), "code") === "ENOENT"

const rotate = async ({ maxFiles, path }: FileExporterOptions): Promise<void> => {
  const numbered = (number: number) => (number === 0 ? path : `${path}.${number}`)
  await FileSystem.rm(numbered(maxFiles - 1), { force: true })
  for (let number = maxFiles - 2; number >= 0; number--) {
    await FileSystem.rename(numbered(number), numbered(number + 1)).catch((error: unknown) => {
      if (!missing(error)) throw error
    })
  }
}

const failure = (path: string, error: unknown): ExportError =>
  new ExportError({
    reason: "Unreachable",
    endpoint: path,
    advice: `${String(Reflect.get(Object(error), "code") ?? "It was not written")}. Is there room on the disk, and may this process write there?`,
    retryable: true
  })

/** Opens the file, or fails with what the system says about it; it is closed with the scope. */
export const make = Effect.fnUntraced(function* (
  options: FileExporterOptions
): Effect.fn.Return<SpanExporter, ExportError, Scope.Scope> {
  const attempt = <A>(work: () => Promise<A>) =>
    Effect.tryPromise({ try: work, catch: (error) => failure(options.path, error) })
  const turns = Semaphore.makeUnsafe(1)
  let file: LineFile | undefined = yield* attempt(() => LineFile.open(options.path))

  const append = async (line: Uint8Array): Promise<void> => {
    if (file !== undefined && file.size > 0 && file.size + line.length + 1 > options.maxBytes) {
      await file.close()
      file = undefined
      await rotate(options)
    }
    file ??= await LineFile.open(options.path)
    await file.append(line)
  }

  yield* Effect.addFinalizer(() => Effect.ignore(Effect.tryPromise(async () => file?.close())))
  return {
    export: Effect.fnUntraced(function* (spans) {
      const { body, unreadable } = yield* OtlpJson.make(spans)
      // Once begun, a line is finished, whoever gives up waiting for it
      if (unreadable < spans.length) yield* turns.withPermit(Effect.uninterruptible(attempt(() => append(body))))
      return SpanEncoding.leftOut({ unreadable })
    })
  }
})
