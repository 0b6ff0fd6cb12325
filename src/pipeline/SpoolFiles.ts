/**
 * What the spool asks of the file system while spans end: calls that are done when they return.
 *
 * Node's own, unless a test breaks them.
 */
import * as fs from "node:fs"

export type SpoolFiles = Pick<
  typeof fs,
  "closeSync" | "fdatasyncSync" | "ftruncateSync" | "mkdirSync" | "openSync" | "unlinkSync" | "writeSync"
>

export const node: SpoolFiles = fs

/** Nobody else may read what spans say. */
export const fileMode = 0o600
export const directoryMode = 0o700
