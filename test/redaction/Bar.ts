/** One figure that decides, and whether it holds. */
export interface Bar {
  readonly bar: "P1" | "P2"
  readonly name: string
  readonly figure: number
  readonly unit: string
  /** What the figure has to be. */
  readonly bound: string
  readonly ok: boolean
}

export const show = ({ bar, bound, figure, name, ok, unit }: Bar): string =>
  `${ok ? "✓" : "✗"} ${bar} ${name}: ${figure}${unit && ` ${unit}`} (${bound})`
