/**
 * Which of many rows are on the screen: the others need no element.
 */
export interface RowWindow {
  readonly from: number
  /** The first that is not in it. */
  readonly to: number
}

/** Rows outside the screen that are there before they are scrolled to. */
const spare = 8

export const of = (count: number, rowHeight: number, scrolled: number, height: number): RowWindow => {
  const from = Math.max(0, Math.min(count, Math.floor(scrolled / rowHeight)) - spare)
  const to = Math.min(count, Math.ceil((Math.max(0, scrolled) + height) / rowHeight) + spare)
  return { from, to: Math.max(from, to) }
}

/** Where to scroll so that a row is on the screen, with a little around it; where one is when it already is. */
export const reveal = (row: number, rowHeight: number, scrolled: number, height: number): number => {
  const [top, bottom] = [row * rowHeight, (row + 1) * rowHeight]
  const margin = Math.min(rowHeight * 2, height / 4)
  if (top - margin < scrolled) return Math.max(0, top - margin)
  if (bottom + margin > scrolled + height) return bottom + margin - height
  return scrolled
}
