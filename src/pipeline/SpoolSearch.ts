/**
 * Finds the spans of a trace in a spool, without taking anything over, changing or deleting it.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as FileSystem from "node:fs/promises"
import type { SpanData } from "../model/SpanData.ts"
import * as SpoolFiles from "./SpoolFiles.ts"
import * as SpoolHeader from "./SpoolHeader.ts"
import type { SpoolHolding } from "./SpoolInventory.ts"
import { acksExtension, extension, SpoolSegment } from "./SpoolSegment.ts"

/** What one process has of a trace there. */
export interface SpooledTrace {
  readonly holding: SpoolHolding
  /** Those that have not arrived. */
  readonly spans: ReadonlyArray<SpanData>
}

const nothing = Buffer.alloc(0)

const bytesOf = (file: string): Effect.Effect<Buffer> =>
  Effect.orElseSucceed(
    Effect.tryPromise(() => FileSystem.readFile(file)),
    () => nothing
  )

/** Records hold ids as they are, so only those that hold this one are read. */
const inFile = Effect.fnUntraced(function* (
  base: string,
  traceId: string,
  key: Uint8Array | undefined,
  decode: (bytes: Uint8Array) => SpanData | undefined
): Effect.fn.Return<ReadonlyArray<SpanData>> {
  const spans = yield* bytesOf(base + extension)
  const acks = yield* bytesOf(base + acksExtension)
  const segment = SpoolSegment.adopt(SpoolFiles.node, base, spans, acks, key)?.segment
  if (segment === undefined || segment.header.cipher === "locked") return []
  const id = Buffer.from(traceId, "hex")
  return segment
    .read(spans.subarray(SpoolHeader.size))
    .map((record) => Option.fromUndefinedOr(segment.open(record)))
    .flatMap((bytes) => (Option.isSome(bytes) && Buffer.from(bytes.value).includes(id) ? [decode(bytes.value)] : []))
    .filter((span) => span?.traceId === traceId)
    .filter((span) => span !== undefined)
})

/** Looks through what processes hold, the oldest first; in files of another key it sees nothing. */
export const find = (
  holdings: ReadonlyArray<SpoolHolding>,
  traceId: string,
  key: Uint8Array | undefined,
  decode: (bytes: Uint8Array) => SpanData | undefined
): Effect.Effect<ReadonlyArray<SpooledTrace>> =>
  Effect.map(
    Effect.forEach(holdings, (holding) =>
      Effect.map(
        Effect.forEach(holding.files, ({ path }) => inFile(path, traceId, key, decode)),
        (found): SpooledTrace => ({ holding, spans: found.flat() })
      )
    ),
    (traces) => traces.filter(({ spans }) => spans.length > 0)
  )
