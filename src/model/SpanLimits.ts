/**
 * How much one span may hold.
 *
 * @see https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-limits
 */
export interface SpanLimits {
  readonly attributes: number
  /** Characters. */
  readonly attributeLength: number
  readonly events: number
  readonly attributesPerEvent: number
  readonly links: number
  readonly attributesPerLink: number
}

/** The defaults of the specification; values are not cut. */
export const defaults: SpanLimits = {
  attributes: 128,
  attributeLength: Infinity,
  events: 128,
  attributesPerEvent: 128,
  links: 128,
  attributesPerLink: 128
}
