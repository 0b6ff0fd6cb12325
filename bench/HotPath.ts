/**
 * One hot path: the variants of it that are measured, and the bars they are held to.
 */

/** What a variant measured; most measure one thing. */
export type Figures = Readonly<Record<string, number>>

/** Measures, in a process of its own, and says what it saw. */
export type Variant = () => Promise<Figures>

/** One line of the report: our figure beside a peer's. */
export interface Bar<Name extends string = string> {
  readonly bar: string
  readonly name: string
  readonly ours: Name
  readonly peer: Name
  readonly peerName: string
  /** Which of the figures, where a variant has several. */
  readonly figure?: string
  /** True where figures are compared as they are, and nothing idle is taken away. */
  readonly gross?: boolean
  readonly unit: string
  /** Whether the target bounds our figure divided by the peer's, or our figure alone. */
  readonly compares: "ratio" | "amount"
  /** What `BARS.md` asks for; a line without it only informs. */
  readonly target?: number
  /** What fails CI, where that is looser than the target because machines are noisy. */
  readonly guard?: number
}

export interface HotPath<Name extends string = string> {
  readonly variants: Readonly<Record<Name, Variant>>
  /** What a variant's program costs without the thing that is measured; it is taken away in each round. */
  readonly idle?: Readonly<Partial<Record<Name, Name>>>
  readonly bars: ReadonlyArray<Bar<Name>>
  /** How many processes each variant gets, where the usual number is too many. */
  readonly rounds?: number
}

export const make = <Name extends string>(path: HotPath<Name>): HotPath<Name> => path
