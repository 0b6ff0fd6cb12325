/**
 * Sends on from disk what was not in memory, in order, as room comes free; and again what nobody could take.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { SpanData } from "../model/SpanData.ts"
import type { SpanSink } from "../model/SpanSink.ts"
import type { SpoolCodec } from "./SpoolCodec.ts"
import * as SpoolReader from "./SpoolReader.ts"
import type { SpoolSegment } from "./SpoolSegment.ts"
import type { SpoolStore } from "./SpoolStore.ts"
import type { SpoolWindow } from "./SpoolWindow.ts"

/** How long spans that nobody could take rest, and how long a file that cannot be read is left alone. */
const pause = "5 seconds"
/** So many spans are read back before others have their turn. */
const turn = 64

export class SpoolFeed {
  /** True when nothing is sent on any more. */
  isClosed = false
  /** Spans that nobody could take. They are in memory, and on disk. */
  #returned = new Set<SpanData>()
  #page: SpoolReader.SpoolPage | undefined
  readonly #work = Latch.makeUnsafe()
  readonly #fed = Latch.makeUnsafe()
  readonly #store: SpoolStore
  readonly #window: SpoolWindow
  readonly #decode: SpoolCodec["decode"]

  constructor(store: SpoolStore, window: SpoolWindow, decode: SpoolCodec["decode"]) {
    this.#store = store
    this.#window = window
    this.#decode = decode
  }

  /** There is room, or something on disk. */
  wake(): void {
    this.#work.openUnsafe()
  }

  /** This one comes again. */
  giveBack(span: SpanData): void {
    this.#returned.add(span)
  }

  /** Sends nothing on any more; answers what was to come again. */
  close(): Iterable<SpanData> {
    this.isClosed = true
    return this.#takeReturned()
  }

  /** Waits until something was sent on, or a second has passed. */
  readonly progress: Effect.Effect<void> = Effect.suspend(() => {
    this.#fed.closeUnsafe()
    return Effect.raceFirst(this.#fed.await, Effect.sleep("1 second"))
  })

  /** Never ends. */
  run(next: SpanSink): Effect.Effect<never> {
    return Effect.forever(
      Effect.suspend(() => {
        this.#work.closeUnsafe()
        return Effect.andThen(this.#sendAgain(next), this.#sendOn(next))
      }).pipe(
        Effect.andThen(
          Effect.suspend(() => {
            this.#fed.openUnsafe()
            // A latch resumes its waiters on the stack of whoever opens it, which may be `push`: hence the yield
            return this.#isIdle ? Effect.andThen(this.#work.await, Effect.yieldNow) : Effect.void
          })
        )
      )
    )
  }

  get #due(): SpoolSegment | undefined {
    return this.#store.nextUnread(this.#window.isHalfEmpty)
  }

  get #isIdle(): boolean {
    return this.isClosed || !this.#window.hasRoom || (this.#page === undefined && this.#due === undefined)
  }

  #takeReturned(): Iterable<SpanData> {
    const returned = this.#returned
    this.#returned = new Set()
    return returned
  }

  #sendAgain(next: SpanSink): Effect.Effect<void> {
    if (this.#returned.size === 0) return Effect.void
    return Effect.map(Effect.sleep(pause), () => {
      for (const span of this.#takeReturned()) next.push(span)
    })
  }

  #sendOn(next: SpanSink): Effect.Effect<void> {
    return Effect.suspend(() => {
      const due = this.#page === undefined && !this.#isIdle ? this.#due : undefined
      return due === undefined ? Effect.void : this.#read(due)
    }).pipe(
      Effect.andThen(
        Effect.whileLoop({
          while: () => this.#page !== undefined && !this.isClosed && this.#window.hasRoom,
          body: () => {
            this.#takeTurn(this.#page!, next)
            return Effect.yieldNow
          },
          step: () => undefined
        })
      )
    )
  }

  #read(due: SpoolSegment): Effect.Effect<void> {
    return Effect.flatMap(SpoolReader.read(due), (page) => {
      if (page === undefined) return Effect.sleep(pause)
      for (let missing = page.missing; missing > 0 && !due.removed; missing--) this.#store.taken(due, true)
      this.#page = page
      return Effect.void
    })
  }

  #takeTurn({ records, segment }: SpoolReader.SpoolPage, next: SpanSink): void {
    for (let count = 0; count < turn && !segment.removed && this.#window.hasRoom; count++) {
      const record = records.pop()
      if (record === undefined) break
      const bytes = segment.open(record)
      const span = bytes && this.#decode(bytes)
      if (span !== undefined) this.#window.add(span, { segment, index: record.index }, bytes!.length)
      this.#store.taken(segment, span === undefined)
      if (span !== undefined) next.push(span)
    }
    if (records.length === 0 || segment.removed) this.#page = undefined
  }
}
