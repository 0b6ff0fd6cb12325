import { CompareView } from "./CompareView.tsx"
import { Help } from "./Help.tsx"
import * as Keys from "./Keys.ts"
import * as ListState from "./ListState.ts"
import { ListView } from "./ListView.tsx"
import { format, route, toList } from "./Route.ts"
import { nextTheme, theme } from "./Theme.ts"
import { TraceView } from "./TraceView.tsx"
import * as Words from "./Words.ts"

const Held = () => {
  const counts = ListState.counts.value
  if (counts === undefined) return null
  const dropped = counts.droppedSpans > 0 ? `, ${Words.count(counts.droppedTraces, "trace")} left to make room` : ""
  return (
    <span class="faint wide">
      {Words.count(counts.traces, "trace")}, {Words.count(counts.spans, "span")}
      {dropped}
    </span>
  )
}

/** What is sent on to a backend, and what did not get there. */
const Tee = () => {
  const tee = ListState.about.value?.tee
  if (tee === undefined) return null
  return tee.lost === 0 ? (
    <span class="faint wide" title={`Sent on to ${tee.url}`}>
      → {Words.count(tee.sent, "span")} sent on
    </span>
  ) : (
    <span class="bad-text" role="status" title={tee.url}>
      {Words.count(tee.lost, "span")} not sent on: {tee.trouble}
    </span>
  )
}

const Live = () =>
  ListState.connected.value ? (
    <span class="live" title="Connected: new traces appear by themselves">
      ● live
    </span>
  ) : (
    <span class="live off" role="status">
      ○ not connected
    </span>
  )

const Header = () => (
  <header class="top">
    <a
      class="home"
      href={format({ ...route.value, page: "list", view: "waterfall", spanId: "", find: "" })}
      onClick={(event) => {
        event.preventDefault()
        toList()
      }}
    >
      Traces
    </a>
    <Live />
    <Held />
    <Tee />
    <span class="grow" />
    <button type="button" onClick={nextTheme} aria-label={`Colours: ${theme.value}. Change`} title="Dark, light (t)">
      {theme.value === "dark" ? "☾" : theme.value === "light" ? "☀" : "◐"}
    </button>
    <button type="button" onClick={() => (Keys.help.value = true)} aria-label="Keyboard" title="Keyboard (?)">
      ?
    </button>
  </header>
)

export const App = () => {
  const { page } = route.value
  return (
    <>
      <Header />
      {page === "list" ? <ListView /> : page === "trace" ? <TraceView /> : <CompareView />}
      {Keys.help.value && <Help />}
    </>
  )
}
