/**
 * What makes a local trace worth keeping that the sampler had left out.
 *
 * Rules are asked once, when all of the trace that happens in this process has
 * ended, and see all of it. The first that gives a reason has it kept.
 */
import type { SpanData } from "../model/SpanData.ts"

/** The part of one trace that happened in this process, from its local roots down. */
export interface LocalTrace {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string
  /** The local root that ended last; a span that ended, where no root has. */
  readonly root: SpanData
  /** All spans, in the order they ended; no more of them than one trace may hold. */
  readonly spans: ReadonlyArray<SpanData>
  /** How long the longest of its local roots took. */
  readonly durationMillis: number
  /** True where any span ended in error. */
  readonly hasError: boolean
  /** True where a local root or a workflow ended in error. */
  readonly hasFailed: boolean
  /** True where the last of the tries that a step may have failed, too. */
  readonly hasExhaustedRetries: boolean
  /** True where a local root was interrupted, or had not ended when the layer was closed. */
  readonly wasInterrupted: boolean
  /** True where a local root was among the slowest of its operation. */
  readonly wasAmongSlowest: boolean
}

/**
 * Gives the reason to keep a trace, a short word for people and metrics; `undefined` to leave that to others. Synchronous.
 * One that throws has the trace kept.
 */
export type TailRule = (trace: LocalTrace) => string | undefined

/** What can be asked for by name. */
export const wishes = ["failures", "errors", "retries", "interrupted", "slow"] as const

export type Wish = (typeof wishes)[number]

export interface TailRuleOptions {
  readonly keep: ReadonlyArray<Wish>
  /** `slow` is longer than this, in milliseconds. */
  readonly slowerThan: number | undefined
  /** The share of all other traces that is kept. */
  readonly share: number
}

/** FNV-1a, as the bits that a ratio sampler looks at have told against these traces already. */
const hash = (text: string): number => {
  let sum = 0x811c9dc5
  for (let index = 0; index < text.length; index++) sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193)
  // Of an even mix, as the last characters reach the high bits only so
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b)
  return ((sum ^ (sum >>> 13)) >>> 0) / 2 ** 32
}

/** The rules that settings spell, in the order in which their reasons count. The share is the same in every process. */
export const fromOptions = ({ keep, share, slowerThan = Infinity }: TailRuleOptions): ReadonlyArray<TailRule> => {
  const named: Readonly<Record<Wish, TailRule>> = {
    failures: ({ hasFailed }) => (hasFailed ? "failure" : undefined),
    errors: ({ hasError }) => (hasError ? "error" : undefined),
    retries: ({ hasExhaustedRetries }) => (hasExhaustedRetries ? "retries" : undefined),
    interrupted: ({ wasInterrupted }) => (wasInterrupted ? "interrupted" : undefined),
    slow: ({ durationMillis, wasAmongSlowest }) =>
      durationMillis > slowerThan ? "slow" : wasAmongSlowest ? "slowest" : undefined
  }
  const order: ReadonlyArray<Wish> = ["retries", "failures", "errors", "interrupted", "slow"]
  return [
    ...order.filter((wish) => keep.includes(wish)).map((wish) => named[wish]),
    ...(share > 0 ? [({ traceId }: LocalTrace) => (hash(traceId) < share ? "share" : undefined)] : [])
  ]
}

/** Those of them whose reason cannot go away again, whatever else happens in the run: an error stays one. */
export const certainFrom = ({ keep }: TailRuleOptions): ReadonlyArray<TailRule> =>
  fromOptions({
    keep: keep.filter((wish) => wish !== "slow" && wish !== "interrupted"),
    slowerThan: undefined,
    share: 0
  })

/** The first reason that any of them gives. Total. */
export const reasonOf = (rules: ReadonlyArray<TailRule>, trace: LocalTrace): string | undefined => {
  for (const rule of rules) {
    try {
      const reason: unknown = rule(trace)
      if (reason !== undefined) return String(reason)
    } catch {
      return "rule_failed"
    }
  }
  return undefined
}
