import { render } from "preact"
import { App } from "./App.tsx"
import * as Keys from "./Keys.ts"
import * as ListState from "./ListState.ts"
import "./page.css"
import * as TraceState from "./TraceState.ts"

ListState.start()
TraceState.start()
Keys.start()
render(<App />, document.getElementById("app")!)
