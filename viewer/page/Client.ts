/**
 * The viewer's server, as the page asks it: the types are those the server answers with.
 */
import type { TraceDocument } from "../../src/viewer/TraceDocument.ts"
import type { About, TraceList, ViewerEvent } from "../../src/viewer/ViewerApi.ts"

const api = "api/v1"

const ask = async <A>(path: string, options?: RequestInit): Promise<A> => {
  const response = await fetch(`${api}${path}`, options)
  if (!response.ok) {
    const { message = `The viewer answered ${response.status}.` } = await response.json().catch(() => ({}))
    throw new Error(message)
  }
  return response.json()
}

export const about = (): Promise<About> => ask("/about")
export const list = (query: string, limit: number): Promise<TraceList> =>
  ask(`/traces?${new URLSearchParams({ q: query, limit: String(limit) })}`)
export const trace = (traceId: string): Promise<TraceDocument> => ask(`/traces/${encodeURIComponent(traceId)}`)
export const clear = (): Promise<{ readonly cleared: number }> => ask("/traces", { method: "DELETE" })
export const importFile = (
  file: Blob
): Promise<{ readonly spans: number; readonly logs: number; readonly refused: number }> =>
  ask("/import", { method: "POST", body: file, headers: { "content-type": "application/x-ndjson" } })

export const exportLink = (query: string): string => `${api}/export?${new URLSearchParams({ q: query })}`
export const otlpLink = (traceId: string): string => `${api}/traces/${encodeURIComponent(traceId)}/otlp`

export interface Listening {
  readonly changed: (event: ViewerEvent) => void
  readonly connected: (is: boolean) => void
}

/**
 * Tells what changes; a lost connection comes back by itself, and the first event after it says so.
 *
 * A page that nobody looks at lets its connection go: a browser has six for all pages of one server.
 */
export const listen = ({ changed, connected }: Listening): void => {
  let source: EventSource | undefined
  const look = (): void => {
    if (document.hidden) {
      source?.close()
      source = undefined
    } else if (source === undefined) {
      source = new EventSource(`${api}/changes`)
      source.addEventListener("message", ({ data }) => {
        connected(true)
        changed(JSON.parse(data))
      })
      source.addEventListener("error", () => connected(false))
    }
  }
  document.addEventListener("visibilitychange", look)
  look()
}
