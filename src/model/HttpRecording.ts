/**
 * What HTTP spans record beyond what the conventions ask of all of them, and which requests get none.
 *
 * All of it is off until somebody asks: it costs time, or tells more than
 * tracing needs to know.
 */
import * as Context from "effect/Context"

export interface HttpRecording {
  /** Request headers that are written down, in lower case. Those that hold secrets by their name are masked. */
  readonly requestHeaders: ReadonlyArray<string>
  /** The same for response headers. */
  readonly responseHeaders: ReadonlyArray<string>
  /** Headers that hold a secret although their names do not say so, in lower case. */
  readonly secretHeaders: ReadonlyArray<string>
  /** Writes down the sizes of bodies, where they are known without counting. */
  readonly bodySizes: boolean
  /** Answers with a `Server-Timing` header that names the server's span. */
  readonly serverTiming: boolean
  /** True for paths whose requests are left out of traces, with everything that happens below them. */
  readonly ignores: ((path: string) => boolean) | undefined
  /** True for addresses of proxies that are believed when they say who the client is. */
  readonly trustsProxy: ((address: string) => boolean) | undefined
}

export const nothingMore: HttpRecording = {
  requestHeaders: [],
  responseHeaders: [],
  secretHeaders: [],
  bodySizes: false,
  serverTiming: false,
  ignores: undefined,
  trustsProxy: undefined
}

/** `TRACING_HTTP_*` and `TRACING_TRUSTED_PROXIES`. */
export const HttpRecording = Context.Reference<HttpRecording>("@gorax/tracing/model/HttpRecording", {
  defaultValue: () => nothingMore
})
