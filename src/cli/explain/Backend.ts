/**
 * What a backend says about a trace: that it has it, or not.
 */
import * as Effect from "effect/Effect"
import type { OtlpTls } from "../../export/OtlpTransport.ts"
import * as TlsFiles from "../../layers/TlsFiles.ts"
import * as Destination from "../doctor/Destination.ts"
import type { Setup } from "../doctor/Setup.ts"
import * as TraceQuery from "../TraceQuery.ts"
import { says, type Testimony } from "./Testimony.ts"

/** Asks the one that is named, else where spans are sent to. */
export const ask = Effect.fnUntraced(function* (
  setup: Setup,
  traceId: string,
  query: URL | undefined
): Effect.fn.Return<ReadonlyArray<Testimony>> {
  const tls: OtlpTls = yield* Effect.orElseSucceed(TlsFiles.read(setup.settings), () => ({}))
  const places =
    query === undefined
      ? Destination.all(setup, tls).flatMap((destination) => TraceQuery.near(destination, traceId))
      : TraceQuery.named(query, traceId)
  const { absent, present } = yield* TraceQuery.find(places, {
    tls,
    recognise: (text) => /"(span_?id|id)"/i.test(text),
    patience: 0
  })
  const shared = { check: "explain.backend", tried: "to ask for it where spans are sent to" }
  if (present !== undefined) {
    const seen = present.url.href
    return [says("kept", { ...shared, severity: "ok", summary: `It has arrived: ${present.name} has it`, seen })]
  }
  return [
    says("unknown", {
      ...shared,
      severity: "note",
      summary: absent === undefined ? "No backend could be asked" : `${absent.name} does not have it`,
      seen: absent === undefined ? "nobody answers as Jaeger, Zipkin, Tempo or the viewer do" : absent.url.href,
      advice:
        absent === undefined
          ? "Name its API with --query URL, such as http://jaeger:16686."
          : "It may be too old, kept by another backend or tenant, or never have arrived."
    })
  ]
})
