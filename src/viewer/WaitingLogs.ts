/**
 * Log records that came before their trace, or whose trace never comes.
 *
 * Bounded in records and characters: past either the records of the trace
 * that has waited longest leave, and are counted.
 */
import type { NotedLog } from "./LogIdentity.ts"
import { charactersOfLog } from "./SpanWeight.ts"

interface Waiting {
  /** By their identity. */
  readonly logs: Map<string, NotedLog>
  characters: number
}

const maxLogs = 20_000
const maxCharacters = 16_000_000

export class WaitingLogs {
  /** By the id of the trace, those that began to wait first first. */
  readonly #traces = new Map<string, Waiting>()
  #characters = 0
  /** How many wait. */
  size = 0
  /** How many left to make room, since the start. */
  dropped = 0

  /** One that waits already changes nothing. */
  add(noted: NotedLog): void {
    const { identity, log, traceId } = noted
    const waiting = this.#traces.get(traceId) ?? { logs: new Map(), characters: 0 }
    if (waiting.logs.has(identity)) return
    this.#traces.set(traceId, waiting)
    const characters = charactersOfLog(log)
    waiting.logs.set(identity, noted)
    waiting.characters += characters
    this.#characters += characters
    this.size++
    for (const oldest of this.#traces.keys()) {
      if (this.size <= maxLogs && this.#characters <= maxCharacters) return
      this.dropped += this.take(oldest).length
    }
  }

  /** Those of a trace, which wait no longer. */
  take(traceId: string): ReadonlyArray<NotedLog> {
    const waiting = this.#traces.get(traceId)
    if (waiting === undefined) return []
    this.#traces.delete(traceId)
    this.size -= waiting.logs.size
    this.#characters -= waiting.characters
    return [...waiting.logs.values()]
  }

  clear(): void {
    for (const traceId of this.#traces.keys()) this.take(traceId)
  }
}
