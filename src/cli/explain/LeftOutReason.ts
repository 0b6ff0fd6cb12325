/**
 * Why something of a trace was left out, in words, and what to do so that the next one is kept.
 */

export interface LeftOutReason {
  /** Completes the sentence "It was left out: …". */
  readonly because: string
  readonly advice: string
  /** True where the whole trace was left out; of others, spans. */
  readonly whole: boolean
}

const reasons: Readonly<Record<string, LeftOutReason>> = {
  ratio: {
    because: "the sample rate did not choose it",
    advice: "TRACING_SAMPLE_RATE=1 records every trace; rules and tail sampling keep chosen ones.",
    whole: true
  },
  parent: {
    because: "its caller had decided not to record it",
    advice:
      "Look at the sampling of the service that called. TRACING_TRUST=public decides here, for servers that strangers reach.",
    whole: true
  },
  never: {
    because: "the sampler records nothing",
    advice: "Set TRACING_SAMPLE_RATE, or take OTEL_TRACES_SAMPLER away.",
    whole: true
  },
  rate_limit: {
    because: "more spans were recorded than TRACING_MAX_SPANS_PER_SECOND allows",
    advice: "Raise TRACING_MAX_SPANS_PER_SECOND, or lower TRACING_SAMPLE_RATE so that the cap is met less often.",
    whole: true
  },
  tenant_limit: {
    because: "its tenant began more traces than it may",
    advice: "Raise the limit of the tenant, or let fewer of its runs be recorded.",
    whole: true
  },
  queue_full: {
    because: "the queue of ended spans was full",
    advice:
      "Bring the receiver back; else raise TRACING_BATCH_QUEUE_SIZE, or set TRACING_SPOOL_DIR, so that they wait on disk.",
    whole: false
  },
  rejected: {
    because: "the destination refused spans of it, or did not take them in time",
    advice: "gorax-tracing doctor says what the destination thinks of spans now.",
    whole: false
  },
  unreadable: {
    because: "spans of it hold something that no encoding takes",
    advice: "Tell the maintainers: this should not happen.",
    whole: false
  },
  shut_down: {
    because: "spans of it ended after the layer was closed",
    advice: "Provide the layer further outside.",
    whole: false
  }
}

const tail: LeftOutReason = {
  because: "tail sampling had no room to wait for the end of it",
  advice: "Let more wait, or fewer be looked at: docs/health.md has each bound by its name.",
  whole: false
}

/** Of a word that is not ours, the word itself. */
export const of = (reason: string): LeftOutReason =>
  Object.hasOwn(reasons, reason)
    ? reasons[reason]!
    : reason.startsWith("tail_")
      ? tail
      : {
          because: `the reason given is ${reason}`,
          advice:
            "A word of a sampler or of a stage: docs/health.md has those of this library, others are the program's own.",
          whole: true
        }
