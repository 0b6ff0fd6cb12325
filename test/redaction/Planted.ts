/**
 * Secrets, and the ways in which they are written; and the search for what is left of any of them.
 */
import * as Secrets from "../pipeline/secrets.ts"

const base64 = (text: string): string => Buffer.from(text).toString("base64")

/** How a text may be written down so that nobody sees at once what it says. */
const encodings: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  "in a sentence": (text) => `it was ${text}, they say`,
  "url-encoded": encodeURIComponent,
  "url-encoded twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  base64,
  "base64 in a url": (text) => encodeURIComponent(base64(text)),
  json: (text) => JSON.stringify({ note: text, ok: true }),
  "json in json": (text) => JSON.stringify({ body: JSON.stringify({ inner: JSON.stringify({ note: text }) }) }),
  "json in base64": (text) => base64(JSON.stringify({ note: text }))
}

/** What only its name gives away, as it is written with its name. */
const named: ReadonlyArray<string> = [
  `password=${Secrets.password}`,
  `{"apiKey":"${Secrets.password}"}`,
  `postgres://ada:${Secrets.password}@db/orders`,
  `Set-Cookie: sid=${Secrets.password}; Path=/`,
  `--client-secret ${Secrets.password}`
]

/** Every secret in every encoding. */
export const forms: ReadonlyArray<string> = [
  ...Secrets.all.map(([, secret]) => secret.replaceAll("\n", " ")),
  ...named
].flatMap((text) => Object.values(encodings).map((encode) => encode(text)))

/** How many characters of base64 stand for a word, wherever in a text it begins. */
const inBase64 = (word: string): ReadonlyArray<string> =>
  [0, 1, 2].map((before) => {
    const encoded = base64("x".repeat(before) + word)
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + word.length) * 8) / 6))
  })

const words = ["canary", "Canary", "CANARY", "hunter2"]

/** What nothing may hold that has left the process. */
export const needles: ReadonlyArray<string> = [
  ...words,
  ...words.flatMap(inBase64),
  ...words.flatMap((word) => inBase64(base64(word).slice(0, 6))).filter((needle) => needle.length > 6),
  "4111 1111",
  "4111%201111",
  ...inBase64("4111 1111")
]

/** What is left of the secrets in some bytes, with what stands around it. */
export const found = (bytes: Buffer): ReadonlyArray<string> => {
  const text = bytes.toString("latin1")
  return needles.flatMap((needle) => {
    const at = text.indexOf(needle)
    return at < 0 ? [] : [`${needle}: ${JSON.stringify(text.slice(Math.max(0, at - 60), at + 60))}`]
  })
}
