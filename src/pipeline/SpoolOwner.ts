/**
 * Whose a folder of the spool is, and whether they are still alive.
 *
 * An owner is a process: its number, when it began, and the place where such
 * numbers mean something, a boot of a machine and a namespace in it. So a
 * number that is used again is somebody else, and so is the same number in
 * another container. Of processes elsewhere, and where the system does not
 * tell when a process began, only a heartbeat can be seen.
 */
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { createHash, randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"

/** Nobody's: whoever comes first may take it. */
export const nobody = "free"

/** How often an owner gives a sign of life, and for how long none is believed to be alive without; milliseconds. */
export const heartbeat = 10_000
const longestSilence = 6 * heartbeat

const textOf = (read: () => string): string => Result.getOrElse(Result.try(read), () => "")

/** When a process began, in ticks since the boot; empty when it does not run, or the system does not tell. */
const beginningOf = (pid: number): string =>
  textOf(() => {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "latin1")
    // The name stands in parentheses and may hold anything
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    // Dead, and nobody has asked for its exit code yet
    return state === "Z" || state === "X" ? "" : (fields[18] ?? "")
  })

/** Where process numbers are what they are here. */
const place = (): string =>
  createHash("sha256")
    .update(os.hostname())
    .update(textOf(() => fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1")))
    .update(textOf(() => fs.readlinkSync("/proc/self/ns/pid")))
    .digest("hex")
    .slice(0, 12)

/** This process; each time as another, as it may have several spools. */
export const make = (): string =>
  [process.pid, beginningOf(process.pid) || "unknown", place(), randomBytes(4).toString("hex")].join("-")

const isRunning = (pid: number): boolean =>
  Result.match(
    Result.try(() => process.kill(pid, 0)),
    // Somebody else's process is one, too
    { onSuccess: () => true, onFailure: (error) => Reflect.get(Object(error), "code") !== "ESRCH" }
  )

/** What can be said of an owner from here. */
export interface SpoolOwner {
  /** The number of its process; `undefined` when it is nobody's. */
  readonly pid: number | undefined
  /** True when that number means something here, and not in another container or on another machine. */
  readonly here: boolean
  /** True unless nobody will write there any more. */
  readonly alive: boolean
}

const unowned: SpoolOwner = { pid: undefined, here: false, alive: false }

/** Looks who it is. `silence` is how long ago the last sign of life was, in milliseconds. */
export const see = (owner: string, silence: number): SpoolOwner => {
  const parsed = Option.fromNullishOr(/^(\d+)-(\w+)-(\w+)-\w+$/.exec(owner))
  if (Option.isNone(parsed)) return unowned
  const [, digits, beginning, where] = parsed.value
  const pid = Number(digits)
  if (where !== place()) return { pid, here: false, alive: silence < longestSilence }
  if (beginning !== "unknown") return { pid, here: true, alive: beginningOf(pid) === beginning }
  return { pid, here: true, alive: isRunning(pid) && silence < longestSilence }
}

/** True unless nobody will write there any more. */
export const isAlive = (owner: string, silence: number): boolean => see(owner, silence).alive
