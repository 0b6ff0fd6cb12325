/**
 * Where a span is on disk.
 */
import type { SpoolSegment } from "./SpoolSegment.ts"

export interface SpoolPlace {
  readonly segment: SpoolSegment
  readonly index: number
}
