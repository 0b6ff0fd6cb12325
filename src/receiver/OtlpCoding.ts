/**
 * How a body was made smaller for the way, undone within limits.
 */
import * as Effect from "effect/Effect"
import * as Zlib from "node:zlib"
import type { OtlpLimits } from "./OtlpBody.ts"
import { malformed, type OtlpError, tooLarge, unsupported } from "./OtlpError.ts"

type Coding = "gzip" | "zstd"

type Inflate = (
  body: Uint8Array,
  options: { readonly maxOutputLength: number },
  done: (error: Error | null, inflated: Buffer) => void
) => void

const inflaters: Readonly<Record<Coding, Inflate>> = { gzip: Zlib.gunzip, zstd: Zlib.zstdDecompress }

const isCoding = (name: string): name is Coding => Object.hasOwn(inflaters, name)

export const tooManyBytes = (limits: OtlpLimits): OtlpError =>
  tooLarge(`the body is larger than ${limits.maxBodyBytes} bytes; send smaller batches`)

const inflate = (body: Uint8Array, coding: Coding, limits: OtlpLimits): Effect.Effect<Uint8Array, OtlpError> =>
  Effect.callback((resume) => {
    inflaters[coding](body, { maxOutputLength: limits.maxBodyBytes }, (error, inflated) => {
      if (error === null) resume(Effect.succeed(inflated))
      else if (Reflect.get(error, "code") === "ERR_BUFFER_TOO_LARGE") resume(Effect.fail(tooManyBytes(limits)))
      else resume(Effect.fail(malformed(`the body is not ${coding}, though its encoding says so`)))
    })
  })

/** The body as its sender had it; fails before more of it is held in memory than the limits allow. */
export const decode = (body: Uint8Array, coding: string, limits: OtlpLimits): Effect.Effect<Uint8Array, OtlpError> => {
  if (coding === "identity") return Effect.succeed(body)
  return isCoding(coding)
    ? inflate(body, coding, limits)
    : Effect.fail(unsupported("encodings taken are gzip and zstd"))
}
