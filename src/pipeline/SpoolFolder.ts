/**
 * The folder of one process in a spool. Its name says when it began, and whose it is.
 */
import * as Result from "effect/Result"
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"

export interface SpoolFolder {
  readonly path: string
  /** The beginning of its name: when it was made, and a word of chance. */
  readonly born: string
  /** The rest of its name; see `SpoolOwner`. */
  readonly owner: string
}

/** The beginning of a name that there has never been before. Later ones come later in the order of texts. */
export const birth = (now: number): string => `${now.toString(36).padStart(9, "0")}-${randomBytes(3).toString("hex")}`

/** When it was made; milliseconds since the epoch. */
export const begun = ({ born }: SpoolFolder): number => Number.parseInt(born.slice(0, born.indexOf("-")), 36)

export const pathOf = (directory: string, born: string, owner: string): string =>
  path.join(directory, `${born}.${owner}`)

/** All that are in a spool, the oldest first; none where it cannot be read. What has another name is something else. */
export const list = (directory: string): ReadonlyArray<SpoolFolder> =>
  Result.getOrElse(
    Result.try(() => fs.readdirSync(directory, { withFileTypes: true })),
    () => []
  )
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({
      path: path.join(directory, name),
      born: name.slice(0, name.indexOf(".")),
      owner: name.slice(name.indexOf(".") + 1)
    }))
    .filter(({ born }) => /^[0-9a-z]+-[0-9a-f]{6}$/.test(born))
    .sort((a, b) => (a.born < b.born ? -1 : 1))
