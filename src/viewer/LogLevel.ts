/**
 * How grave a log line is, as OpenTelemetry's severities have it: four numbers each.
 */
export const levels = ["trace", "debug", "info", "warn", "error", "fatal"] as const
export type LogLevel = (typeof levels)[number]

const fromText = (text: string): LogLevel | undefined => {
  const word = text.toLowerCase()
  return levels.find((level) => level === word) ?? (word === "warning" ? "warn" : undefined)
}

/** The level of a severity; where the number is not said, what the text says; `undefined` where neither is known. */
export const of = (severityNumber: number, severityText: string): LogLevel | undefined =>
  severityNumber < 1 ? fromText(severityText) : levels[Math.min(5, Math.floor((severityNumber - 1) / 4))]

/** True for lines of at least this level. */
export const isAtLeast = (level: LogLevel | undefined, least: LogLevel): boolean =>
  level !== undefined && levels.indexOf(level) >= levels.indexOf(least)
