/**
 * The service that a span comes from.
 */
import * as AttributeKeys from "./AttributeKeys.ts"
import type { SpanData } from "./SpanData.ts"

/** The name of its service, `unknown_service` when its process did not say. */
export const serviceOf = (span: Pick<SpanData, "resource">): string => {
  const name = span.resource.attributes[AttributeKeys.serviceName]
  return typeof name === "string" && name !== "" ? name : "unknown_service"
}
