/**
 * What the page shows, as its address says it: every view has a link that can be sent to somebody.
 *
 * `#/?q=error`, `#/trace/<id>?span=<id>&view=flame&find=…`, `#/trace/<id>?view=logs&level=warn&line=…`, `#/compare/<id>/<id>`.
 */
import { signal } from "@preact/signals"
import { levels, type LogLevel } from "../../src/viewer/LogLevel.ts"

export const views = ["waterfall", "flame", "table", "logs"] as const
export type View = (typeof views)[number]

export interface Route {
  readonly page: "list" | "trace" | "compare"
  readonly traceId: string
  /** The trace it is compared with. */
  readonly otherId: string
  readonly spanId: string
  readonly view: View
  /** What is searched for: traces in the list, spans in a trace. */
  readonly query: string
  readonly find: string
  /** Log lines of at least this level, and with these words. */
  readonly level: LogLevel | undefined
  readonly line: string
}

const nothing: Route = {
  page: "list",
  traceId: "",
  otherId: "",
  spanId: "",
  view: "waterfall",
  query: "",
  find: "",
  level: undefined,
  line: ""
}

export const parse = (hash: string): Route => {
  const [path = "", search = ""] = hash.replace(/^#/, "").split("?", 2)
  const params = new URLSearchParams(search)
  const [, page = "", traceId = "", otherId = ""] = path.split("/")
  const view = views.find((one) => one === params.get("view")) ?? "waterfall"
  const query = params.get("q") ?? ""
  if (page === "trace" && traceId !== "") {
    const level = levels.find((one) => one === params.get("level"))
    const [spanId = "", find = "", line = ""] = ["span", "find", "line"].map((name) => params.get(name) ?? "")
    return { ...nothing, page, traceId, spanId, view, query, find, level, line }
  }
  if (page === "compare" && otherId !== "") return { ...nothing, page, traceId, otherId, query }
  return { ...nothing, query }
}

export const format = ({ find, level, line, otherId, page, query, spanId, traceId, view }: Route): string => {
  const params = new URLSearchParams()
  if (spanId !== "") params.set("span", spanId)
  if (view !== "waterfall") params.set("view", view)
  if (find !== "") params.set("find", find)
  if (level !== undefined) params.set("level", level)
  if (line !== "") params.set("line", line)
  if (query !== "") params.set("q", query)
  const path = page === "trace" ? `trace/${traceId}` : page === "compare" ? `compare/${traceId}/${otherId}` : ""
  const search = params.size === 0 ? "" : `?${params}`
  return `#/${path}${search}`
}

export const route = signal<Route>(parse(location.hash))

addEventListener("hashchange", () => {
  route.value = parse(location.hash)
})

/** Goes there; `replace` leaves no trace in the history, as for every step of a selection. */
export const go = (change: Partial<Route>, replace = false): void => {
  route.value = { ...route.value, ...change }
  history[replace ? "replaceState" : "pushState"](undefined, "", format(route.value))
}

export const linkTo = (traceId: string, spanId = ""): string => format({ ...nothing, page: "trace", traceId, spanId })

export const toList = (): void => go({ ...nothing, query: route.value.query })
export const toTrace = (traceId: string, spanId = ""): void =>
  go({ ...nothing, page: "trace", traceId, spanId, query: route.value.query })
export const toComparison = (traceId: string, otherId: string): void =>
  go({ ...nothing, page: "compare", traceId, otherId, query: route.value.query })
