/**
 * What can be seen of tail sampling while it works: plain counters, read when they are asked for.
 *
 * All of them count local traces, except `spans` and `bytes`.
 */
export interface TailView {
  /** Not decided yet. */
  readonly undecided: number
  /** Ended spans that wait for the verdict on their trace, and the bytes they take by estimate. */
  readonly spans: number
  readonly bytes: number
  /** By the rule that had them kept. */
  readonly kept: ReadonlyMap<string, number>
  /** Let go, as no rule had them kept. */
  readonly letGo: number
  /** Lost before they were decided, by the bound that was met. */
  readonly evicted: ReadonlyMap<string, number>
}
