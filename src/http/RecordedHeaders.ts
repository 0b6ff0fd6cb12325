/**
 * Headers that are written down because somebody asked for them by name.
 *
 * Asking does not make a secret public: headers that hold one by their name
 * are masked, and so is what looks like one inside other values.
 */
import type * as Fiber from "effect/Fiber"
import * as Headers from "effect/http/Headers"
import { HttpRecording } from "../model/HttpRecording.ts"
import { isSensitive, mask, redactText } from "../model/SensitiveKeys.ts"

const longestValue = 1024

/** Sensitive names that are made of several words. */
const secretive = /(?:auth|cookie|token|secret|password|credential|api-?key|session|signature)/i

/** True for a header whose value is a secret whatever it looks like. */
const isSecret = (name: string, fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  isSensitive(name) ||
  secretive.test(name) ||
  fiber.getRef(HttpRecording).secretHeaders.includes(name) ||
  fiber
    .getRef(Headers.CurrentRedactedNames)
    .some((redacted) => (typeof redacted === "string" ? redacted.toLowerCase() === name : redacted.test(name)))

/** Writes the asked ones of these headers, each as a list under `prefix` and its name. */
export const write = (
  set: (key: string, value: ReadonlyArray<string>) => void,
  prefix: string,
  names: ReadonlyArray<string>,
  headers: Readonly<Record<string, string | ReadonlyArray<string> | number | undefined>>,
  fiber: Fiber.Fiber<unknown, unknown>
): void => {
  for (const name of names) {
    const value = headers[name]
    if (value === undefined) continue
    const values = typeof value === "object" ? value : [String(value)]
    set(
      prefix + name,
      values.map((text) => (isSecret(name, fiber) ? mask : redactText(text, longestValue)))
    )
  }
}

const wholeNumber = /^\d{1,15}$/

/** The size that a `content-length` says. */
export const sizeFrom = (contentLength: unknown): number | undefined =>
  typeof contentLength === "number"
    ? contentLength
    : typeof contentLength === "string" && wholeNumber.test(contentLength)
      ? Number(contentLength)
      : undefined
