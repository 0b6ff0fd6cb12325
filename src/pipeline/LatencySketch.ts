/**
 * How long runs of each operation have taken lately, in a few hundred numbers: enough to tell which are among the slowest.
 *
 * Durations are counted in buckets, each a twentieth wider than the one before,
 * and all counts are halved now and then, so that what is slow follows the
 * times. Operations beyond so many share one sketch.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { durationMillis, type SpanData } from "../model/SpanData.ts"

const growth = Math.log(1.05)
/** From a microsecond to a week. */
const buckets = 560
/** Two kilobytes each. */
const mostOperations = 256

const bucketOf = (millis: number): number =>
  Math.min(buckets - 1, Math.max(0, Math.floor(Math.log(millis * 1000) / growth)))

interface Operation {
  readonly counts: Uint32Array
  total: number
}

const operationOf = ({ attributes, kind, name }: SpanData): string => {
  const { httpRoute, queueName, workflowId } = AttributeKeys
  return `${kind} ${name} ${String(attributes.get(workflowId) ?? attributes.get(queueName) ?? attributes.get(httpRoute) ?? "")}`
}

export class LatencySketch {
  readonly #share: number
  /** Nothing is called slow before so many have been seen. */
  readonly #enough: number
  /** Counts are halved when there are so many. */
  readonly #most: number
  readonly #operations = new Map<string, Operation>()

  /** `share` is what counts as the slowest: 0.01 is all that is slower than the 99th percentile. */
  constructor(share: number) {
    this.#share = share
    this.#enough = Math.max(50, Math.ceil(1 / share))
    this.#most = Math.max(8192, 4 * this.#enough)
  }

  /** Counts the run that a local root stands for, and says whether it was among the slowest of those before it. */
  observe(root: SpanData): boolean {
    const operation = this.#operation(operationOf(root))
    const bucket = bucketOf(durationMillis(root))
    const slowest = operation.total >= this.#enough && this.#isAmongSlowest(operation, bucket)
    operation.counts[bucket]!++
    if (++operation.total >= this.#most) halve(operation)
    return slowest
  }

  #isAmongSlowest({ counts, total }: Operation, bucket: number): boolean {
    const most = this.#share * total
    let slower = 0
    for (let index = buckets - 1; index >= bucket; index--) {
      slower += counts[index]!
      if (slower >= most) return false
    }
    return true
  }

  #operation(key: string): Operation {
    const known =
      this.#operations.get(key) ?? (this.#operations.size > mostOperations ? this.#operations.get("") : undefined)
    if (known !== undefined) return known
    const made = { counts: new Uint32Array(buckets), total: 0 }
    this.#operations.set(this.#operations.size === mostOperations ? "" : key, made)
    return made
  }
}

const halve = (operation: Operation): void => {
  operation.total = 0
  for (let index = 0; index < buckets; index++) operation.total += operation.counts[index]! >>>= 1
}
