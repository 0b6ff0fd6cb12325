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

/**
 * The defaults of the specification, but for the length of values: it knows no limit there, and one text of megabytes
 * would have the whole batch refused.
 */
export const defaults: SpanLimits = {
  attributes: 128,
  attributeLength: 16_384,
  events: 128,
  attributesPerEvent: 128,
  links: 128,
  attributesPerLink: 128
}
