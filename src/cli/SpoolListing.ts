/**
 * What is in a spool, as data for programs and as a table for people. Says nothing of what spans say.
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as path from "node:path"
import type { SpoolOwner } from "../pipeline/SpoolOwner.ts"
import type { SpoolFile, SpoolHolding } from "../pipeline/SpoolInventory.ts"
import * as TextTable from "./TextTable.ts"

const stateOf = ({ alive, pid }: SpoolOwner): "alive" | "gone" | "free" =>
  alive ? "alive" : pid === undefined ? "free" : "gone"

const total = (holdings: ReadonlyArray<SpoolHolding>, of: (file: SpoolFile) => number): number =>
  holdings.reduce((sum, { files }) => files.reduce((sum, file) => sum + of(file), sum), 0)

/** How many spans wait there, whoever delivers them. */
export const waiting = (holdings: ReadonlyArray<SpoolHolding>): number => total(holdings, (file) => file.waiting)

/** Those of processes that are still at work. */
export const ofTheLiving = (holdings: ReadonlyArray<SpoolHolding>): ReadonlyArray<SpoolHolding> =>
  holdings.filter(({ owner }) => owner.alive)

const instant = (millis: number): string => DateTime.formatIso(DateTime.makeUnsafe(millis))

export const toJson = (directory: string, holdings: ReadonlyArray<SpoolHolding>): string =>
  JSON.stringify({
    directory,
    waiting: waiting(holdings),
    records: total(holdings, (file) => file.records),
    damaged: total(holdings, (file) => file.damaged),
    bytes: total(holdings, (file) => file.bytes),
    holdings: holdings.map(({ begun, files, owner, path: folder }) => ({
      folder: path.basename(folder),
      owner: { state: stateOf(owner), ...(owner.pid !== undefined && { pid: owner.pid, here: owner.here }) },
      begun: instant(begun),
      files: files.map(({ modified, path: file, ...others }) => ({
        file: path.basename(file),
        ...others,
        modified: instant(modified)
      }))
    }))
  })

/** To the second, as tables need no more. */
const age = (since: number, now: number): string => {
  const seconds = Math.max(0, Math.round((now - since) / 1000))
  return seconds === 0 ? "0s" : Duration.format(Duration.seconds(seconds))
}

/** `process 4711`, `process 4711 elsewhere`, `nobody`. */
export const ownerName = ({ here, pid }: SpoolOwner): string =>
  pid === undefined ? "nobody" : `process ${pid}${here ? "" : " elsewhere"}`

const remarks: Readonly<Record<SpoolFile["kind"], string>> = {
  plain: "",
  encrypted: "encrypted",
  locked: "encrypted, not with this TRACING_SPOOL_KEY",
  unknown: "of another version",
  unreadable: "not readable"
}

const columns = ["OWNER", "STATE", "FILE", "WAITING", "SPANS", "DAMAGED", "BYTES", "AGE", ""]

export const draw = (directory: string, holdings: ReadonlyArray<SpoolHolding>, now: number): string => {
  const rows = holdings.flatMap(({ files, owner, path: folder }) =>
    files.map((file) => [
      ownerName(owner),
      stateOf(owner),
      path.join(path.basename(folder).split(".")[0]!, path.basename(file.path)),
      ...[file.waiting, file.records, file.damaged, file.bytes].map(TextTable.count),
      age(file.modified, now),
      remarks[file.kind]
    ])
  )
  return rows.length === 0
    ? `Nothing waits in ${directory}.`
    : `${TextTable.draw(columns, rows)}\n\nWaiting in ${directory}: ${TextTable.counted(waiting(holdings), "span")}.`
}
