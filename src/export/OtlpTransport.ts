/**
 * What carries the body of an OTLP request to a receiver, and its answer back.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { LeftOut } from "../model/SpanExporter.ts"
import type { ExportError } from "../model/TracingError.ts"
import type { To } from "./ExportFailure.ts"
import type { OtlpCompression } from "./OtlpCompression.ts"
import type { OtlpEndpoint } from "./OtlpEndpoint.ts"
import type { Headers, RotatingHeaders } from "./RotatingHeaders.ts"

export interface OtlpSettings {
  readonly endpoint: OtlpEndpoint
  /** Sent with every request, names in lower case. */
  readonly headers: Redacted.Redacted<Readonly<Record<string, string>>>
  readonly compression: OtlpCompression | "none"
  /** How long one request may take, from connecting to the end of the answer. */
  readonly timeout: Duration.Duration
}

/** PEM texts: whom to trust instead of the authorities that Node knows, and who we are. */
export interface OtlpTls {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

export interface OtlpTransportOptions {
  readonly settings: OtlpSettings
  readonly tls: OtlpTls
  readonly userAgent: string
  /** Sent instead of the headers of the settings, where they change. */
  readonly headers?: RotatingHeaders | undefined
  /** What people are told when it fails, where the receiver is not one of OTLP. */
  readonly words?: Pick<To, "setting" | "hints">
}

/** A way to a receiver. Connections are opened when they are needed and live in the scope it was made in. */
export interface OtlpTransport {
  readonly send: (body: Uint8Array) => Effect.Effect<LeftOut | void, ExportError>
}

/** Makes a request with the headers of now, and once more where they are refused and there are others by then. */
export const withHeaders = <A>(
  { headers, settings }: OtlpTransportOptions,
  exchange: (headers: Headers) => Effect.Effect<A, ExportError>,
  isUnauthorized: (answered: A) => boolean
): Effect.Effect<A, ExportError> => {
  if (headers === undefined) return exchange(Redacted.value(settings.headers))
  return Effect.gen(function* () {
    const current = yield* headers.current
    const answered = yield* exchange(current)
    const renewed = isUnauthorized(answered) ? yield* headers.renewed(current) : undefined
    return renewed === undefined ? answered : yield* exchange(renewed)
  })
}

/** Idle connections are no reason for a process to stay. */
export const unheld = (socket: { readonly unref: () => unknown }): void => void socket.unref()
