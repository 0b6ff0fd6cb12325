/**
 * Headers that change while the program runs, as tokens do that are valid for an hour.
 *
 * Whoever knows them is asked before a request, once a second at most, and
 * at once when a receiver refuses those there were. Where the answer is of
 * no use, the last good ones stay in use: that is said once, and seen in
 * `TracingHealth` until it is over.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Semaphore from "effect/Semaphore"

/** Names in lower case. */
export type Headers = Readonly<Record<string, string>>

export interface HeadersSource {
  /** What it is called: a setting, and where it points to. */
  readonly name: string
  /** What the headers are now; fails with why they are of no use, without secrets. May be asked for the same again. */
  readonly ask: Effect.Effect<Redacted.Redacted<Headers>, string>
}

/** How long an answer holds; milliseconds. */
const freshness = 1000

const isSame = (one: Headers, other: Headers): boolean => {
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name])
}

export class RotatingHeaders {
  /** What is wrong with where they come from, in a sentence; `undefined` when nothing is. */
  trouble: string | undefined
  #headers: Redacted.Redacted<Headers>
  #askedAt = -Infinity
  readonly #source: HeadersSource
  readonly #turn = Semaphore.makeUnsafe(1)

  /** `first` are in use until there are others. */
  constructor(source: HeadersSource, first: Redacted.Redacted<Headers>) {
    this.#source = source
    this.#headers = first
  }

  /** Where they come from. */
  get name(): string {
    return this.#source.name
  }

  /** For the next request. */
  readonly current: Effect.Effect<Headers> = Effect.suspend(() =>
    this.#turn.withPermit(
      Effect.flatMap(Clock.currentTimeMillis, (now) => (now - this.#askedAt < freshness ? Effect.void : this.#ask(now)))
    )
  ).pipe(Effect.map(() => Redacted.value(this.#headers)))

  /** A receiver has refused these: others, if there are any by now. */
  renewed(refused: Headers): Effect.Effect<Headers | undefined> {
    const other = (): Headers | undefined => {
      const headers = Redacted.value(this.#headers)
      return isSame(headers, refused) ? undefined : headers
    }
    return this.#turn.withPermit(
      // Of several requests that are refused at once the first finds out for all
      Effect.suspend(() =>
        other() === undefined ? Effect.flatMap(Clock.currentTimeMillis, (now) => this.#ask(now)) : Effect.void
      ).pipe(Effect.map(other))
    )
  }

  #ask(now: number): Effect.Effect<void> {
    return Effect.matchEffect(this.#source.ask, {
      onSuccess: (headers) => {
        this.#askedAt = now
        this.#headers = headers
        if (this.trouble === undefined) return Effect.void
        this.trouble = undefined
        return Effect.logInfo(`Tracing has headers from ${this.#source.name} again.`)
      },
      onFailure: (why) => {
        this.#askedAt = now
        const isKnown = this.trouble !== undefined
        this.trouble = `Headers from ${this.#source.name} are of no use: ${why}. Those from before stay in use.`
        return isKnown ? Effect.void : Effect.logWarning(`Tracing: ${this.trouble}`)
      }
    })
  }
}
