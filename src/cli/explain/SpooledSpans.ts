/**
 * What waits of a trace in the spool.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as path from "node:path"
import * as SpooledDelivery from "../../layers/SpooledDelivery.ts"
import * as SpoolInventory from "../../pipeline/SpoolInventory.ts"
import * as SpoolSearch from "../../pipeline/SpoolSearch.ts"
import type { Setup } from "../doctor/Setup.ts"
import * as SpoolListing from "../SpoolListing.ts"
import { counted } from "../TextTable.ts"
import { says, type Testimony } from "./Testimony.ts"

/** Looks through what every process holds there; nothing where there is no spool. */
export const find = Effect.fnUntraced(function* ({ settings: { spool } }: Setup, traceId: string) {
  if (spool === undefined) return []
  const key = spool.key && Redacted.value(spool.key)
  const holdings = yield* SpoolInventory.read(path.resolve(spool.directory), key, yield* Clock.currentTimeMillis)
  const { decode } = SpooledDelivery.codec()
  const found = yield* SpoolSearch.find(holdings, traceId, key, decode)
  return found.map(({ holding: { owner, path: folder }, spans }): Testimony =>
    says("waiting", {
      check: "explain.spool",
      severity: owner.alive ? "note" : "warning",
      summary: `${counted(spans.length, "span")} of it ${spans.length === 1 ? "waits" : "wait"} in the spool, of ${SpoolListing.ownerName(owner)}`,
      tried: "to find it among what has not arrived",
      seen: `${[...new Set(spans.map(({ name }) => name))].slice(0, 5).join(", ")} in ${folder}`,
      advice: owner.alive
        ? "That process delivers it when the destination takes spans; gorax-tracing doctor says whether it does."
        : "The next start of a program with this folder delivers it; so does gorax-tracing spool drain."
    })
  )
})
