/**
 * Text with stars in it that stand for anything.
 */

/** Without a star the text must be the pattern. Without regard to case, in time linear in the text for each star. */
export const matcher = (pattern: string): ((text: string) => boolean) => {
  const parts = pattern.toLowerCase().split("*")
  if (parts.length === 1) return (text) => text.toLowerCase() === parts[0]
  const [first, last] = [parts[0]!, parts.at(-1)!]
  return (given) => {
    const text = given.toLowerCase()
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
    let from = first.length
    for (const part of parts.slice(1, -1)) {
      const at = text.indexOf(part, from)
      if (at < 0) return false
      from = at + part.length
    }
    return from <= text.length - last.length
  }
}
