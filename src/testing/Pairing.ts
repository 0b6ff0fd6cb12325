/**
 * Who goes with whom: what was expected, and what is there.
 */

/** Positions in both lists. Who goes with nobody is in no pair. */
export type Pairs = ReadonlyArray<readonly [wanted: number, there: number]>

/** What it costs to say of two that they are meant to be the same; 0 when they are, `Infinity` when that helps nobody. */
export type Cost = (wanted: number, there: number) => number

/** As many as can be that are the same, by augmenting paths: finds everybody a partner where that is possible. */
const perfect = (wantedCount: number, thereCount: number, cost: Cost): Map<number, number> => {
  const wantedOf = new Map<number, number>()
  const place = (wanted: number, asked: Set<number>): boolean => {
    for (let there = 0; there < thereCount; there++) {
      if (asked.has(there) || cost(wanted, there) !== 0) continue
      asked.add(there)
      const holder = wantedOf.get(there)
      if (holder === undefined || place(holder, asked)) {
        wantedOf.set(there, wanted)
        return true
      }
    }
    return false
  }
  for (let wanted = 0; wanted < wantedCount; wanted++) place(wanted, new Set())
  return wantedOf
}

/** In any order. Those that are the same are paired for certain; the others as they are most alike. */
export const unordered = (wantedCount: number, thereCount: number, cost: Cost): Pairs => {
  const wantedOf = perfect(wantedCount, thereCount, cost)
  const paired = new Set(wantedOf.values())
  const candidates: Array<readonly [wanted: number, there: number]> = []
  for (let wanted = 0; wanted < wantedCount; wanted++) {
    for (let there = 0; there < thereCount; there++) {
      if (!paired.has(wanted) && !wantedOf.has(there) && cost(wanted, there) < Infinity)
        candidates.push([wanted, there])
    }
  }
  candidates.sort((self, that) => cost(...self) - cost(...that))
  for (const [wanted, there] of candidates) {
    if (paired.has(wanted) || wantedOf.has(there)) continue
    paired.add(wanted)
    wantedOf.set(there, wanted)
  }
  return [...wantedOf].map(([there, wanted]) => [wanted, there] as const)
}

/** In this order: the alignment that costs least, where whoever stays alone costs what `alone` says. */
export const ordered = (
  wantedCount: number,
  thereCount: number,
  cost: Cost,
  alone: { readonly wanted: (wanted: number) => number; readonly there: (there: number) => number }
): Pairs => {
  const rest: Array<Array<number>> = []
  const restAt = (wanted: number, there: number): number => rest[wanted]![there]!
  for (let wanted = wantedCount; wanted >= 0; wanted--) {
    rest[wanted] = []
    for (let there = thereCount; there >= 0; there--) {
      rest[wanted]![there] = Math.min(
        wanted < wantedCount && there < thereCount ? cost(wanted, there) + restAt(wanted + 1, there + 1) : Infinity,
        wanted < wantedCount ? alone.wanted(wanted) + restAt(wanted + 1, there) : Infinity,
        there < thereCount ? alone.there(there) + restAt(wanted, there + 1) : Infinity,
        wanted === wantedCount && there === thereCount ? 0 : Infinity
      )
    }
  }
  const pairs: Array<readonly [number, number]> = []
  let [wanted, there] = [0, 0]
  while (wanted < wantedCount && there < thereCount) {
    if (restAt(wanted, there) === cost(wanted, there) + restAt(wanted + 1, there + 1)) pairs.push([wanted++, there++])
    else if (restAt(wanted, there) === alone.wanted(wanted) + restAt(wanted + 1, there)) wanted++
    else there++
  }
  return pairs
}
