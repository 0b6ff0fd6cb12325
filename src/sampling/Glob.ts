/**
 * Patterns in which a star stands for any text: `import-*`, `*.internal`, `a*z`.
 *
 * Nothing else is special, and a pattern is looked for from left to right and never back, so the time is linear in the
 * text whatever the pattern is.
 */

/** True for what the whole pattern fits; upper and lower case are different. */
export const matcher = (pattern: string): ((text: string) => boolean) => {
  const [first = "", ...rest] = pattern.split("*")
  const last = rest.pop()
  if (last === undefined) return (text) => text === pattern
  const between = rest.filter((part) => part !== "")
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
    let at = first.length
    const end = text.length - last.length
    for (const part of between) {
      const found = text.indexOf(part, at)
      if (found < 0 || found + part.length > end) return false
      at = found + part.length
    }
    return true
  }
}
