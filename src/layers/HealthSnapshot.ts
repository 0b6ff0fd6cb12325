/**
 * How tracing is doing, at one instant, as data: what `TracingHealth` answers, a health endpoint serves, and tools read.
 *
 * It holds no credentials, no headers and nothing of any span but the ids of traces. As JSON its
 * times are ISO texts.
 */
import * as Schema from "effect/Schema"

const Count = Schema.Int

const LastError = Schema.Struct({
  at: Schema.DateTimeUtc,
  /** `Unreachable`, `Rejected`, `TimedOut`, `TooLarge`; `Partial` where a part was taken, `Defect` where the exporter is broken. */
  reason: Schema.String,
  /** With what to do next, where that is known. */
  message: Schema.String
})

const Exporter = Schema.Struct({
  /** As in `TRACING_EXPORTER`; `own` is one that was plugged in. */
  name: Schema.String,
  endpoint: Schema.optionalKey(Schema.String),
  /**
   * `idle` has not been asked yet, `delivering` took what it was given last, `waiting` did not and is asked again,
   * `refusing` did not and is not asked again for the same spans.
   */
  state: Schema.Literals(["idle", "delivering", "waiting", "refusing"]),
  /** When it began to wait or to refuse: its first failure since it last took something. */
  since: Schema.optionalKey(Schema.DateTimeUtc),
  /** Requests that have not been answered. */
  requests: Count,
  lastSuccess: Schema.optionalKey(Schema.DateTimeUtc),
  /** What is wrong with what it needs, though it goes on with what it had: headers that cannot be read again. */
  trouble: Schema.optionalKey(Schema.String),
  /** Stays when it delivers again. */
  lastError: Schema.optionalKey(LastError)
})

const Queue = Schema.Struct({
  spans: Count,
  /** By estimate. */
  bytes: Count,
  /** Absent where there is no bound. */
  maxSpans: Schema.optionalKey(Count),
  maxBytes: Schema.optionalKey(Count),
  /** Handed to the exporter, which has not answered. */
  sending: Count
})

const Tail = Schema.Struct({
  /** Local traces whose end is awaited. */
  undecided: Count,
  /** Their spans that have ended, and the bytes those take by estimate. */
  spans: Count,
  bytes: Count,
  /** Local traces that were kept, by reason. */
  kept: Schema.Record(Schema.String, Count),
  /** Local traces that no rule had kept. */
  letGo: Count,
  /** Local traces lost before they were decided, by the bound that was met. */
  evicted: Schema.Record(Schema.String, Count)
})

const Redaction = Schema.Struct({
  /** As in `TRACING_REDACTION`. */
  mode: Schema.Literals(["on", "strict", "off"]),
  /** How many secrets were masked, by the rule that asked for it: `key`, `jwt`, …; `failed` where a rule has thrown. */
  masked: Schema.Record(Schema.String, Count)
})

const Books = Schema.Struct({
  started: Count,
  /** Left out by the sampler, the cap, or the program itself. */
  sampledOut: Count,
  /** Recorded although they were not sampled, and let go when they had ended. */
  letGo: Count,
  /** Ended, and not sampled out. */
  ended: Count,
  /** Ended by a process that is gone, and taken over from the disk it left them on. */
  adopted: Count,
  exported: Count,
  /** Refused by the destination, or not delivered in time. */
  rejected: Count,
  /** Spans left out on our side, by reason. */
  dropped: Schema.Record(Schema.String, Count),
  /** Traces that were chosen and that a cap left out whole, by reason. Their spans are among those sampled out or let go. */
  refused: Schema.Record(Schema.String, Count),
  /** `started + adopted = sampledOut + letGo + exported + rejected + dropped` and these. */
  inFlight: Schema.Struct({
    /** Not ended. */
    open: Count,
    /** Ended, and waiting for the end of their run, which decides whether they are kept. */
    undecided: Count,
    /** Ended, and waiting to be sent. */
    queued: Count,
    /** On their way to a destination that has not answered. */
    sending: Count,
    /** On disk, and nowhere else. */
    onDisk: Count,
    /** Ended, and in no queue: a stage keeps them, or has left them out without saying so. */
    held: Count
  })
})

const LeftOut = Schema.Struct({
  traceId: Schema.String,
  /** As in the books, or the sampler's. */
  reason: Schema.String,
  /** Once for each span, once for a trace that was not sampled. */
  times: Count
})

const Sampling = Schema.Struct({
  /** What the sampler decided where traces began here or came in, by reason: traces, not spans. */
  decided: Schema.Record(Schema.String, Schema.Struct({ kept: Count, leftOut: Count })),
  /** Absent where the sampler is one of your own. */
  rules: Schema.optionalKey(
    Schema.Struct({
      count: Count,
      /** The variable they stand in, or that names their file; `code`, or `default` where there were none. */
      from: Schema.String,
      since: Schema.DateTimeUtc,
      /** What is wrong with a later version; the rules before it hold. */
      refused: Schema.optionalKey(Schema.String)
    })
  )
})

/** The schema; `Schema.toCodecJson` of it reads what was served as JSON. */
export const HealthSnapshot = Schema.Struct({
  at: Schema.DateTimeUtc,
  /**
   * `off`: nothing is delivered by this layer. `healthy`: all is well. `degraded`: nothing is being lost now, and
   * something wants attention. `failing`: spans are being lost.
   */
  status: Schema.Literals(["off", "healthy", "degraded", "failing"]),
  /** What decides the status, and what to do, in sentences; none where all is well. */
  reasons: Schema.Array(Schema.String),
  /** Who records spans: this layer, a provider that the application runs (`Tracing.layerBridge`), or nobody. */
  recordedBy: Schema.Literals(["gorax", "provider", "nobody"]),
  service: Schema.optionalKey(Schema.String),
  /** As in the start line: `parentbased_traceidratio(0.1)`. */
  sampler: Schema.optionalKey(Schema.String),
  /** Absent where this layer decides nothing. */
  sampling: Schema.optionalKey(Sampling),
  propagators: Schema.Array(Schema.String),
  /** Whose trace context is continued: everybody's, or only that of those who are named. */
  trust: Schema.Literals(["trusted", "public"]),
  /** What is removed from all that leaves; absent where nothing does. */
  redaction: Schema.optionalKey(Redaction),
  exporters: Schema.Array(Exporter),
  /** One for all exporters, or one for each. */
  queues: Schema.Array(Queue),
  /** Absent where tail sampling is off. */
  tail: Schema.optionalKey(Tail),
  /** The last hundred traces of which something was left out, the latest first. */
  leftOut: Schema.Array(LeftOut),
  books: Books
})

export type HealthSnapshot = typeof HealthSnapshot.Type

export type ExporterHealth = typeof Exporter.Type
