/**
 * A request with no spans in it, which every receiver answers as it would one with some.
 */
import * as Redacted from "effect/Redacted"
import type { Destination } from "./Destination.ts"
import type * as Wire from "./Wire.ts"

const contentTypes = { "http/protobuf": "application/x-protobuf", "http/json": "application/json" }

export type Encoding = keyof typeof contentTypes

/** What this destination is sent. */
export const encodingOf = ({ name, settings: { endpoint } }: Destination): Encoding =>
  name === "otlp" && endpoint.protocol === "http/protobuf" ? "http/protobuf" : "http/json"

export interface EmptyRequestOptions {
  /** Another place of the same server. */
  readonly url?: URL
  /** Another encoding than the one that is set. */
  readonly encoding?: Encoding
  readonly millis?: number
}

/** With the headers that belong to the destination. Thrift knows no empty batch, so Jaeger is only looked at. */
export const make = (
  destination: Destination,
  { encoding = encodingOf(destination), millis, url = destination.url }: EmptyRequestOptions = {}
): Wire.Question => {
  const { name, settings, tls } = destination
  const own = Redacted.value(settings.headers)
  const shared = { url, tls, ...(millis === undefined ? undefined : { millis }) }
  if (name === "jaeger") return { ...shared, headers: own }
  return {
    ...shared,
    method: "POST",
    headers: { ...own, "content-type": contentTypes[encoding] },
    body: Buffer.from(name === "zipkin" ? "[]" : encoding === "http/json" ? "{}" : "")
  }
}
