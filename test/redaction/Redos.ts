/**
 * How long it takes to search texts that are made to be slow to search.
 */
import { Redaction } from "@gorax/tracing"
import * as SensitiveKeys from "../../src/model/SensitiveKeys.ts"
import * as LinearPattern from "../../src/pipeline/LinearPattern.ts"
import type { Bar } from "./Bar.ts"

/** Repeated until a text is as long as it has to be. */
const seeds: Readonly<Record<string, string>> = {
  letters: "a",
  digits: "4",
  "digit groups": "4242 ",
  "digits and hyphens": "4-",
  equals: "=",
  colons: ":",
  keys: "token",
  "pairs of keys": "token:",
  "pairs without value": "token= ",
  "pairs with commas": "token=,",
  "pairs, each before a key": "token=a,b",
  "quotes that stay open": 'token="',
  "quotes in backslashes": '\\"token\\":',
  "brackets that stay open": "token:{",
  backslashes: "\\",
  "web tokens that end early": "eyJ",
  "web tokens in parts": "eyJhbGci.",
  "web tokens side by side": "-eyJ",
  points: "eyJhbGciOi.a.",
  hyphens: "-",
  "private keys that do not end": "-----BEGIN PRIVATE KEY-----",
  "beginnings of tokens": "ghp_",
  "beginnings of Slack's tokens": "xoxb-",
  "access keys": "AKIA",
  "bearers without token": "Bearer ",
  spaces: " ",
  "bearers and spaces": "Bearer      ",
  schemes: "://",
  "users without host": "://a:b/",
  "users before a host": "://a:b@",
  "signs of users": "@",
  "addresses of mail": "a@a.",
  "addresses without end": "a@",
  plusses: "+1",
  "telephone numbers": "+49 170 ",
  percent: "%",
  "percent-encoding": "%25",
  "percent-encoded keys": "%74oken%3D",
  "percent-encoded percent": "%2574",
  "parts of queries": "&a=%41",
  "escapes of JSON": "\\u0041",
  "full width": "\uff41",
  "unseen characters": "\u200b",
  "base64 of base64": "V20wPVYyMHc9",
  "base64 of keys": "dG9rZW49",
  "words of base64": "dG9rZW49YWJjZGVm.",
  slashes: "/",
  "paths of secrets": "/token/",
  webhooks: "hooks.slack.com/",
  tags: "<token>",
  options: " --token ",
  masks: "REDACTED",
  "masked pairs": "token=REDACTED&",
  dictionary: "correct horse battery staple ",
  json: '{"a":{"token":"b","c":[1,2]}},'
}

/** What ends badly after it has begun well. */
const allEndings: ReadonlyArray<string> = ["", "@", "=x", '"', "!"]

/** Made of its bytes, as what arrives is: a text that is put together of others is slower to read, once. */
const text = (seed: string, ending: string, length: number): string =>
  Buffer.from(seed.repeat(Math.ceil(length / seed.length)).slice(0, length - ending.length) + ending).toString()

const patterns = [
  LinearPattern.make("nested", "(a+)+b"),
  LinearPattern.make("mail", "[a-z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}"),
  LinearPattern.make("employee", "EMP-\\d{6}")
]

/** Everything at once, and whatever removes secrets before there is a span. */
const searches: Readonly<Record<string, (text: string) => unknown>> = {
  default: Redaction.make().text,
  everything: Redaction.make({ personal: ["email", "phone"], keys: ["iban"] }).text,
  "own patterns": Redaction.make({ patterns }).text,
  "text of a message": (text) => SensitiveKeys.redactText(text, 65_536),
  "query of a URL": SensitiveKeys.redactQuery,
  "path of a URL": SensitiveKeys.redactPath
}

/** The best of some runs, in milliseconds: others use this machine as well, which can only make a run slower. */
const best = (search: (text: string) => unknown, given: string, runs: number): number => {
  let least = Infinity
  for (let run = 0; run < runs && (run < 3 || least > 0.2); run++) {
    const began = performance.now()
    search(given)
    least = Math.min(least, performance.now() - began)
  }
  return least
}

const kib = 1024
/** Below this, in milliseconds, growth is noise: as much as one collection of garbage takes. */
const noise = 1

interface Bounds {
  /** Milliseconds for 64 KiB. */
  readonly longest: number
  /** Times as long as for half of it. */
  readonly steepest: number
}

/** What `npm run redaction:redos` asks for. */
const bounds: Bounds = { longest: 5, steepest: 2.5 }
/** What tests ask for, which run beside others: quadratic time would be a hundred times too long. */
export const looseBounds: Bounds = { longest: 50, steepest: 20 }

/** The two figures of every way to search: its slowest text, and the one whose time grows most when it doubles. */
export const measure = (runs: number, endings = allEndings, { longest, steepest } = bounds): ReadonlyArray<Bar> =>
  Object.entries(searches).flatMap(([name, search]) => {
    for (const seed of Object.values(seeds)) best(search, text(seed, "", 16 * kib), 3)
    let slowest = { figure: 0, on: "" }
    let growth = { figure: 0, on: "" }
    for (const [on, seed] of Object.entries(seeds)) {
      for (const ending of endings) {
        const given = [text(seed, ending, 32 * kib), text(seed, ending, 64 * kib)] as const
        let [half, whole] = [best(search, given[0], runs), best(search, given[1], runs)]
        // What would not hold is measured again, side by side
        for (let again = 0; again < 40 && (whole > longest || whole > steepest * Math.max(half, noise)); again++) {
          half = Math.min(half, best(search, given[0], 1))
          whole = Math.min(whole, best(search, given[1], 1))
        }
        if (whole > slowest.figure) slowest = { figure: whole, on: `${on}${ending}` }
        const grown = whole / Math.max(half, noise)
        if (grown > growth.figure) growth = { figure: grown, on: `${on}${ending}` }
      }
    }
    const rounded = (value: number): number => Math.round(value * 100) / 100
    return [
      {
        bar: "P2",
        name: `${name}, 64 KiB of ${slowest.on}`,
        figure: rounded(slowest.figure),
        unit: "ms",
        bound: `at most ${longest} ms`,
        ok: slowest.figure <= longest
      },
      {
        bar: "P2",
        name: `${name}, 32 to 64 KiB of ${growth.on}`,
        figure: rounded(growth.figure),
        unit: "times",
        bound: `at most ${steepest} times`,
        ok: growth.figure <= steepest
      }
    ]
  })
