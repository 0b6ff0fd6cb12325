/**
 * Writes spans to the console as JSON, one a line, for programs that read it.
 *
 * Each line is an OTLP request with one span, which the Collector's
 * `otlpjson` receivers read as they read a file of `FileExporter`. One span a
 * line keeps lines short: those that collect a container's output cut long
 * ones.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { SpanData } from "../model/SpanData.ts"
import type { SpanExporter } from "../model/SpanExporter.ts"
import * as OtlpEncoder from "./OtlpEncoder.ts"
import * as SpanEncoding from "./SpanEncoding.ts"

const toText = new TextDecoder()

const refuse = (): never => {
  throw new TypeError("not readable")
}

const toLine = (span: SpanData): string => toText.decode(OtlpEncoder.encodeJson([span], refuse))

/** Writes to Effect's `Console`. */
export const make = (): SpanExporter => ({
  export: Effect.fnUntraced(function* (spans) {
    const { encoded, unreadable } = yield* SpanEncoding.encodeAll(spans, toLine)
    yield* Effect.forEach(encoded, (line) => Console.log(line), { discard: true })
    return SpanEncoding.leftOut({ unreadable })
  })
})
