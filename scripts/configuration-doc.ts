/**
 * Writes docs/configuration.md from the table of settings; `npm run docs` writes it with the others.
 *
 * Run it after a change of the table: `node --conditions=@gorax/source scripts/configuration-doc.ts`.
 */
import * as fs from "node:fs"
import { type Setting, type SettingRow, table } from "../src/layers/SettingTable.ts"

export const file = new URL("../docs/configuration.md", import.meta.url)

/** The headings, and the first setting under each. */
const sections: ReadonlyArray<readonly [heading: string, first: Setting]> = [
  ["On and off", "enabled"],
  ["Who is speaking", "serviceName"],
  ["Where spans go", "exporters"],
  ["Which traces are recorded", "sampleRate"],
  ["Batches and endings", "queueSize"],
  ["What survives the process", "spoolDirectory"],
  ["Across boundaries", "propagators"],
  ["What log lines say", "logCorrelation"],
  ["Metrics", "metrics"],
  ["What a span holds", "attributeProfile"],
  ["What is removed from it", "redaction"],
  ["How much a span holds", "spanAttributes"]
]

const introduction = `# Configuration

<!-- Written by scripts/configuration-doc.ts from src/layers/SettingTable.ts. Do not edit. -->

\`TracingLive\` reads these variables through Effect's \`ConfigProvider\`, which is the environment unless you provide
another. Three sentences to begin with:

\`\`\`sh
TRACING_ENABLED=true               # off by default
TRACING_ENDPOINT=localhost:4317    # or http://collector:4318, https://host/base, tempo.example:443
TRACING_SERVICE_NAME=worker
\`\`\`

* \`TRACING_*\` wins over the \`OTEL_*\` variable of equal meaning, which means what the OpenTelemetry specification says.
  Of several \`OTEL_*\` variables in one row the first that is set counts.
* An empty variable is an unset one. Words are read in upper or lower case.
* A value that is not usable stops the program at start. The error names every such variable, its rule and its value,
  except values that may be secrets. Two names of one setting that disagree are an error too.
* Where tracing is off, \`OTEL_*\` variables are not judged: they may be meant for something else.
* Durations are milliseconds, or texts such as \`5 seconds\`.
`

const cell = (text: string): string => text.replaceAll("|", "\\|")

/** A value is code, a phrase is not. */
const shown = (text: string): string => (text === "" || text.includes(" ") ? text : `\`${text}\``)

const line = (row: SettingRow<unknown>): string => {
  const names = [row.key, ...row.aliases].map((key) => `\`${key}\``).join("<br>or ")
  const otel = row.otel.map(({ key }) => `\`${key}\``).join("<br>")
  const values = row.rule.expects.replaceAll("*", "\\*")
  return `| ${[names, values, shown(row.shown), otel, row.doc].map(cell).join(" | ")} |`
}

export const render = (): string => {
  const firsts = new Map(sections.map(([heading, first]) => [first as string, heading]))
  const lines: Array<string> = [introduction]
  for (const [setting, row] of Object.entries(table)) {
    const heading = firsts.get(setting)
    if (heading !== undefined) {
      lines.push(`${lines.length === 1 ? "" : "\n"}## ${heading}\n`)
      lines.push("| Variable | Value | Default | Same as | What it does |", "|---|---|---|---|---|")
    }
    lines.push(line(row))
  }
  return lines.join("\n") + "\n"
}

if (import.meta.main) fs.writeFileSync(file, render())
