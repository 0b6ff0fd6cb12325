/**
 * What one of those who may know says about a trace.
 */
import type { Finding } from "../doctor/Check.ts"

/** `kept` it is where traces are looked for; `waiting` it will be; `left-out` it will not; `unknown` nobody can say. */
export type Fate = "kept" | "waiting" | "left-out" | "unknown"

export interface Testimony {
  readonly fate: Fate
  readonly finding: Finding
}

export const says = (fate: Fate, finding: Finding): Testimony => ({ fate, finding })
