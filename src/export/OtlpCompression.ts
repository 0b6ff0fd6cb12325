/**
 * Smaller bodies, made on Node's thread pool: the event loop only waits.
 */
import * as Effect from "effect/Effect"
import * as Zlib from "node:zlib"

export const compressions = ["gzip", "zstd"] as const

/** The name is that of HTTP's `Content-Encoding` and gRPC's `grpc-encoding` too. */
export type OtlpCompression = (typeof compressions)[number]

const compressors = { gzip: Zlib.gzip, zstd: Zlib.zstdCompress }

/** Cannot fail: both take any bytes. */
export const compress = (body: Uint8Array, compression: OtlpCompression): Effect.Effect<Uint8Array> =>
  Effect.callback((resume) => {
    compressors[compression](body, (error, compressed) =>
      resume(error === null ? Effect.succeed(compressed) : Effect.die(error))
    )
  })
