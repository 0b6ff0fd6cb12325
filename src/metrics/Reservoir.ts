/**
 * Which of many measurements are shown as examples: the reservoirs of OpenTelemetry's specification.
 *
 * @see https://opentelemetry.io/docs/specs/otel/metrics/sdk/#exemplarreservoir
 */
import type { Exemplar } from "../model/MetricReading.ts"
import { type ExemplarBoard, ExemplarSlot } from "./ExemplarBoard.ts"

export interface Reservoir {
  readonly offer: (exemplar: Exemplar) => void
  /** What is shown now. Reading changes nothing, so that any number of readers sees the same. */
  readonly shown: () => ReadonlyArray<Exemplar>
}

const shownIn = (slots: ReadonlyArray<ExemplarSlot>): ReadonlyArray<Exemplar> =>
  slots.flatMap(({ shown }) => (shown === undefined ? [] : [shown]))

/** The bucket of a value: bounds are included, in ascending order, and the last bucket has none. */
export const bucketOf = (bounds: ReadonlyArray<number>, value: number): number => {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (value <= bounds[middle]!) high = middle
    else low = middle + 1
  }
  return low
}

/** One example for each bucket of a histogram: the last, which is the one that is easiest to find. */
export const alignedBuckets = (board: ExemplarBoard, bounds: ReadonlyArray<number>): Reservoir => {
  const slots = Array.from({ length: bounds.length + 1 }, () => new ExemplarSlot())
  return {
    offer: (exemplar) => board.offer(slots[bucketOf(bounds, exemplar.value)]!, exemplar),
    shown: () => shownIn(slots)
  }
}

/** So many examples, each measurement as likely among them as any other (Vitter's algorithm R). */
export const fixedSize = (board: ExemplarBoard, size: number, random: () => number): Reservoir => {
  const slots = Array.from({ length: size }, () => new ExemplarSlot())
  let seen = 0
  return {
    offer(exemplar) {
      const place = seen < size ? seen : Math.floor(random() * (seen + 1))
      seen++
      if (place < size) board.offer(slots[place]!, exemplar)
    },
    shown: () => shownIn(slots)
  }
}
