/**
 * The two formats of metrics as text, and which of them a reader asks for.
 */
export const contentTypes = {
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  prometheus: "text/plain; version=0.0.4; charset=utf-8"
} as const

export type Format = keyof typeof contentTypes

/** How much a reader wants a type, from 0 to 1; 0 where it does not name it. */
const weightOf = (accept: string, type: string): number => {
  for (const range of accept.toLowerCase().split(",")) {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim())
    if (name !== type) continue
    const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2)
    return weight === undefined ? 1 : Number(weight) || 0
  }
  return 0
}

/** The format that an `Accept` header asks for: OpenMetrics only for those that name it, and want it no less. */
export const negotiated = (accept = ""): Format => {
  const wanted = weightOf(accept, "application/openmetrics-text")
  return wanted > 0 && wanted >= weightOf(accept, "text/plain") ? "openmetrics" : "prometheus"
}
