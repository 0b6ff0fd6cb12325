/**
 * A local trace that is not decided: its spans so far, and what was seen of them.
 */
import * as AttributeKeys from "../model/AttributeKeys.ts"
import { durationMillis, type SpanData } from "../model/SpanData.ts"
import { isLocalRoot } from "../model/SpanIdWords.ts"
import * as SpanNames from "../model/SpanNames.ts"
import type { LocalTrace } from "./TailRule.ts"

/** True of a try that failed, and that no other follows. */
const isLastTry = ({ attributes, name }: SpanData): boolean => {
  if (name !== SpanNames.attempt) return false
  const most = attributes.get(AttributeKeys.retryMaxRetries)
  const attempt = attributes.get(AttributeKeys.retryAttempt)
  return typeof most === "number" && typeof attempt === "number" && attempt > most
}

export class TailTrace implements LocalTrace {
  readonly traceId: string
  readonly spans: Array<SpanData> = []
  /** By estimate. */
  bytes = 0
  /** Spans that were too many for one trace. */
  missing = 0
  durationMillis = 0
  hasError = false
  hasFailed = false
  hasExhaustedRetries = false
  wasInterrupted = false
  wasAmongSlowest = false
  #root: SpanData | undefined
  /** The local roots that have not ended; one, mostly, and as many as others send with one trace id. */
  readonly #open: Set<string>

  constructor(traceId: string, rootId: string) {
    this.traceId = traceId
    this.#open = new Set([rootId])
  }

  get root(): SpanData {
    return this.#root ?? this.spans[0]!
  }

  /** A local root began. */
  open(rootId: string): void {
    this.#open.add(rootId)
  }

  /** Sees a span that has ended. True when no local root of the trace is left open. */
  see(span: SpanData): boolean {
    const isRoot = isLocalRoot(span)
    if (span.statusCode === "error") {
      this.hasError = true
      this.hasFailed ||= isRoot || span.name === SpanNames.workflow
      this.hasExhaustedRetries ||= isLastTry(span)
    }
    return isRoot && this.#end(span)
  }

  #end(root: SpanData): boolean {
    // The root of a part that was decided before
    if (!this.#open.delete(root.spanId)) return false
    this.#root = root
    this.durationMillis = Math.max(this.durationMillis, durationMillis(root))
    this.wasInterrupted ||= root.attributes.has(AttributeKeys.interrupted)
    return this.#open.size === 0
  }
}
