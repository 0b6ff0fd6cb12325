/**
 * A table for people: columns under their names, as wide as what is in them.
 */

/** Each row has as many cells as there are columns. */
export const draw = (columns: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = columns.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at]!.length)))
  // Numbers stand under each other by their last digit
  const isNumeric = columns.map((_, at) => rows.length > 0 && rows.every((row) => /^[\d,]*$/.test(row[at]!)))
  const line = (cells: ReadonlyArray<string>): string =>
    cells
      .map((cell, at) => (isNumeric[at] ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join("  ")
      .trimEnd()
  return [columns, ...rows].map(line).join("\n")
}

/** `12,345`. */
export const count = (value: number): string => value.toLocaleString("en-US")

/** `1 span`, `12,345 spans`. */
export const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? "" : "s"}`
