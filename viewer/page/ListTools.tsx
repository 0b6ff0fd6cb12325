import { signal } from "@preact/signals"
import * as Client from "./Client.ts"
import * as ListState from "./ListState.ts"
import { go, route } from "./Route.ts"
import { SearchField } from "./SearchField.tsx"
import * as Words from "./Words.ts"

const said = signal("")
const sure = signal(false)
const importFile = async (input: HTMLInputElement): Promise<void> => {
  const [file] = input.files ?? []
  if (file === undefined) return
  said.value = `Reading ${file.name} …`
  try {
    const { logs, refused, spans } = await Client.importFile(file)
    const written = logs === 0 ? "" : `, ${Words.count(logs, "log line")}`
    said.value = `${file.name}: ${Words.count(spans, "span")}${written}${refused > 0 ? `, ${refused} refused` : ""}`
  } catch (error) {
    said.value = `${file.name} cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
  input.value = ""
}

const clear = async (): Promise<void> => {
  if (!sure.value) {
    sure.value = true
    setTimeout(() => (sure.value = false), 3000)
    return
  }
  sure.value = false
  await Client.clear()
}

const presets: ReadonlyArray<readonly [label: string, query: string]> = [
  ["failed", "error"],
  ["slow", "duration>1s"],
  ["last 15 minutes", "age<15m"]
]

const hasTerm = (query: string, term: string): boolean => ` ${query} `.includes(` ${term} `)

const toggleTerm = (term: string): void => {
  const { query } = route.value
  const next = hasTerm(query, term) ? ` ${query} `.replace(` ${term} `, " ") : `${query} ${term}`
  go({ query: next.trim() })
}

const cut = (): string =>
  ListState.shown.value.length < ListState.most
    ? ""
    : `The latest ${ListState.most.toLocaleString("en")} are listed; search for older ones`

export const ListTools = () => (
  <div class="tools">
    <SearchField
      label="Search traces"
      placeholder="Search: error  service:worker  node_id=charge-card  duration>1s  any words"
      value={route.value.query}
      change={(query) => go({ query }, true)}
    />
    <div class="chips">
      {presets.map(([label, term]) => (
        <button
          type="button"
          key={term}
          aria-pressed={hasTerm(route.value.query, term)}
          onClick={() => toggleTerm(term)}
        >
          {label}
        </button>
      ))}
      <span class="grow" />
      <a class="button" href={Client.exportLink(route.value.query)} download title="As OTLP, one trace a line">
        Export
      </a>
      <label class="button" title="OTLP as JSON, one request a line or one for the whole file">
        Import
        <input
          class="hidden"
          type="file"
          accept=".json,.jsonl,.ndjson"
          onChange={({ currentTarget }) => void importFile(currentTarget)}
        />
      </label>
      <button type="button" class={sure.value ? "danger" : ""} onClick={() => void clear()}>
        {sure.value ? "Really clear?" : "Clear"}
      </button>
    </div>
    <div role="status" class="notice">
      {[said.value, cut(), ...ListState.problems.value].filter((text) => text !== "").join(" · ")}
    </div>
  </div>
)
