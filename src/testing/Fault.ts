/**
 * What a collector does instead of taking spans, the same over HTTP and gRPC.
 */
import * as Duration from "effect/Duration"

export type Fault =
  | { readonly _tag: "Status"; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly _tag: "Requires"; readonly header: string; readonly value: string }
  | { readonly _tag: "Hang" }
  | { readonly _tag: "Slow"; readonly millis: number }
  | { readonly _tag: "Partial"; readonly rejected: number; readonly message: string }
  | { readonly _tag: "TooLarge"; readonly maxSpans: number }
  | { readonly _tag: "Reset"; readonly when: "request" | "response" }

/** Refuses with an HTTP status; over gRPC with the code of that meaning, and a `retry-after` becomes a `RetryInfo`. */
export const status = (status: number, headers: Readonly<Record<string, string>> = {}): Fault => ({
  _tag: "Status",
  status,
  headers
})

export const unauthorized = { _tag: "Status", status: 401, headers: {} } as const

/** Refuses with 401 whoever does not send this header: a token that is valid, where others are not any more. */
export const requires = (header: string, value: string): Fault => ({
  _tag: "Requires",
  header: header.toLowerCase(),
  value
})

/** Never answers. */
export const hang: Fault = { _tag: "Hang" }

/** Takes the spans, after so long. */
export const slow = (duration: Duration.Input): Fault => ({
  _tag: "Slow",
  millis: Duration.toMillis(duration)
})

/** Takes all but so many spans, and says so. */
export const partial = (rejected: number, message = "FakeCollector was told to take less"): Fault => ({
  _tag: "Partial",
  rejected,
  message
})

/** Refuses batches of more spans than this: 413, over gRPC the words of a server with a limit. */
export const tooLarge = (maxSpans: number): Fault => ({ _tag: "TooLarge", maxSpans })

/** Cuts the connection before it has read the request. */
export const resetRequest: Fault = { _tag: "Reset", when: "request" }

/** Takes the spans, and cuts the connection in the middle of the answer. */
export const resetResponse: Fault = { _tag: "Reset", when: "response" }

const grpcCodes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 12,
  413: 8,
  429: 8,
  502: 14,
  503: 14,
  504: 4
}

/** The gRPC code that says what an HTTP status says; `UNKNOWN` for others. */
export const grpcCode = (status: number): number => grpcCodes[status] ?? 2

/** What a refusal says for itself. */
export const told = (status: number): string => `FakeCollector was told to answer ${status}`

/** In words that an exporter over gRPC knows a limit by. */
export const tooLargeMessage = "received message larger than max"
