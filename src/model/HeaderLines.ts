/**
 * Headers as they arrive: by lower-case name, and a header that was sent twice as two lines, in their order.
 */
export interface HeaderLines {
  readonly get: (name: string) => ReadonlyArray<string> | undefined
  readonly has: (name: string) => boolean
  readonly [Symbol.iterator]: () => Iterator<[string, ReadonlyArray<string>]>
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09

/**
 * The text without the optional space of HTTP around it, which is space and tab; `trim` takes more than these. Walks in
 * from both ends: an expression would try every space within the text for the last one.
 */
export const bare = (text: string): string => {
  let start = 0
  let end = text.length
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

/**
 * What the one line of a header says, without the space around it. A header that was sent twice says nothing, and
 * neither does one that is longer than its format can be.
 */
export const only = (headers: HeaderLines, name: string, longest: number): string | undefined => {
  const lines = headers.get(name)
  const line = lines?.length === 1 ? lines[0] : undefined
  return line === undefined || line.length > longest ? undefined : bare(line)
}
