/** One figure that decides, and whether it holds. */
export interface Bar {
  readonly bar: "P3" | "P4"
  readonly name: string
  readonly figure: number
  readonly unit: string
  /** What the figure has to be. */
  readonly bound: string
  readonly ok: boolean
}
