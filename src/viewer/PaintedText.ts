/**
 * Text for a terminal: how wide it is, and how it is coloured.
 */
export type Paint = (text: string) => string

export interface Palette {
  readonly name: Paint
  readonly faint: Paint
  readonly bad: Paint
  readonly warn: Paint
}

const ansi =
  (code: number): Paint =>
  (text) =>
    `\u001b[${code}m${text}\u001b[0m`
export const plain: Paint = (text) => text
export const colors: Palette = { name: ansi(1), faint: ansi(2), bad: ansi(31), warn: ansi(33) }
export const noColors: Palette = { name: plain, faint: plain, bad: plain, warn: plain }

/** Text and how it is painted: width is counted before colour. */
export type Part = readonly [text: string, paint: Paint]

export const lengthOf = (parts: ReadonlyArray<Part>): number => parts.reduce((sum, [text]) => sum + [...text].length, 0)
export const paint = (parts: ReadonlyArray<Part>): string => parts.map(([text, paint]) => paint(text)).join("")

/** Control characters and those that reverse the direction of writing. */
// oxlint-disable-next-line no-control-regex
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g

/** The text on one line, unable to move the cursor, to colour or to reverse what follows it. */
export const printable = (text: string): string => text.replace(unprintable, " ").trim()

/** No more characters than this, the last of them an ellipsis when some are missing. */
export const cut = (text: string, length: number): string => {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, Math.max(1, length - 1)).join("")}…`
}

/** Puts the duration at the right edge of the line. */
export const justify = (left: ReadonlyArray<Part>, right: Part, width: number): string =>
  paint([...left, [" ".repeat(Math.max(2, width - lengthOf(left) - right[0].length)), plain], right])
