/**
 * What URLs hold besides their query: who stands before the host, and secrets among the segments of the path.
 */

/** No name and password before a host are longer. */
export const longestUser = 2048
/** How far a password is followed that holds a slash, which should have been encoded. */
const longestRest = 64

const marked = /^REDACTED(?::REDACTED)?$/

/** Where the user's name and password end that begin here, behind `://`; the same place where there are none. */
export const userEnd = (text: string, start: number): number => {
  let last = -1
  let colon = -1
  let latest = start + longestUser
  let beyond = false
  for (let at = start; at < text.length && at < latest; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x40) last = at
    else if (code === 0x3a) {
      if (colon < 0) colon = at
    } else if (code === 0x2f) {
      if (last >= 0 || (!beyond && (colon < 0 || isPort(text, colon + 1, at)))) break
      if (!beyond) latest = at + longestRest
      beyond = true
    } else if (code <= 0x20 || code === 0x22 || code === 0x27 || code === 0x3c || code === 0x3f || code === 0x60) break
  }
  return last < 0 || (last - start < 20 && marked.test(text.slice(start, last))) ? start : last
}

const isPort = (text: string, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code < 0x30 || code > 0x39) return false
  }
  return end - start <= 5
}

const isSegmentPart = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x41 && code <= 0x5a) ||
  (code >= 0x61 && code <= 0x7a) ||
  code === 0x2d ||
  code === 0x5f ||
  code === 0x7e ||
  code === 0x25

/** Where the segment of a path ends that begins here. */
export const segmentEnd = (text: string, start: number): number => {
  let at = start
  while (isSegmentPart(text.charCodeAt(at))) at++
  return at
}

const shortestSecret = 20
const fewestDigits = 2

/** True for a segment that nobody has thought up: long, with digits among letters, and not the name of a file. */
export const looksRandom = (text: string, start: number, end: number): boolean => {
  if (end - start < shortestSecret || text.charCodeAt(end) === 0x2e) return false
  let digits = 0
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code >= 0x30 && code <= 0x39) digits++
  }
  return digits >= fewestDigits
}

const slack = "hooks.slack.com"

/** True for the slash behind the host of Slack's webhooks. */
export const isSlack = (text: string, at: number): boolean =>
  text.charCodeAt(at - 1) === 0x6d && text.startsWith(slack, at - slack.length)

/** Where the path of a webhook ends that begins here: it is a secret as a whole. */
export const pathEnd = (text: string, start: number): number => {
  let at = start
  while (isSegmentPart(text.charCodeAt(at)) || text.charCodeAt(at) === 0x2f) at++
  return at
}
