/**
 * What was found, for people: the summary, then each finding, the worst first.
 */
import type { Finding, Severity } from "./Check.ts"

const signs: Readonly<Record<Severity, string>> = { problem: "✗", warning: "!", note: "·", ok: "✓" }
const colours: Readonly<Record<Severity, string>> = { problem: "31", warning: "33", note: "36", ok: "32" }

export interface ReportOptions {
  readonly colour: boolean
  /** Columns; lines are not longer, where words allow. */
  readonly width: number
  /** Also says what was tried and seen where all is well. */
  readonly verbose: boolean
}

const indent = "  "
const label = 8

/** Lines of whole words. */
const wrapped = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

export interface Reported {
  readonly summary: string
  readonly findings: ReadonlyArray<Finding>
}

export const draw = ({ findings, summary }: Reported, { colour, verbose, width }: ReportOptions): string => {
  const paint = (code: string, text: string): string => (colour ? `\u001B[${code}m${text}\u001B[0m` : text)
  const detail = (name: string, text: string): ReadonlyArray<string> =>
    wrapped(text, Math.max(40, width - label - indent.length)).map(
      (line, index) => indent + paint("2", (index === 0 ? name : "").padEnd(label)) + line
    )
  const one = ({ advice, seen, severity, summary, tried }: Finding): ReadonlyArray<string> => {
    const head = `${paint(colours[severity], signs[severity])} ${severity === "ok" ? summary : paint("1", summary)}`
    if (severity === "ok" && !verbose) return [head]
    return [
      head,
      ...detail("tried", tried),
      ...detail("seen", seen),
      ...(advice === undefined ? [] : detail("do", advice)),
      ""
    ]
  }
  return [paint("1", summary), "", ...findings.flatMap(one)].join("\n").trimEnd()
}
