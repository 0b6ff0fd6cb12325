/**
 * Everything about the code that can be judged without running it, one line each; details only of what is wrong.
 *
 * All of it runs even when something fails: you want the whole list, not its first line.
 */
import { spawn } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

const steps = [
  {
    name: "types",
    command: "tsc",
    args: ["-b", ".", "viewer/page", "--pretty", process.stdout.isTTY ? "true" : "false"],
    fix: ""
  },
  { name: "lint", command: "oxlint", args: [], fix: "`npm run lint -- --fix` mends some of it." },
  { name: "format", command: "oxfmt", args: ["--list-different"], fix: "`npm run format` mends it." },
  { name: "unused", command: "knip", args: ["--no-progress"], fix: "Delete what is listed, or use it." },
  {
    name: "api",
    command: "node",
    args: ["scripts/api.mjs", "--check"],
    fix: "If the change is meant, `npm run api` and commit api/."
  },
  {
    name: "docs",
    command: "node",
    args: ["--disable-warning=ExperimentalWarning", "--conditions=@gorax/source", "scripts/docs.ts", "--check"],
    fix: "If the change is meant, `npm run docs` and commit docs/."
  }
]

const run = ({ args, command, fix, name }) =>
  new Promise((resolve) => {
    const started = performance.now()
    const child = spawn(command, args, {
      cwd: root,
      env: process.stdout.isTTY ? { ...process.env, FORCE_COLOR: "1" } : process.env,
      shell: process.platform === "win32",
      stdio: ["ignore", "pipe", "pipe"]
    })
    const output = []
    child.stdout.on("data", (chunk) => output.push(chunk))
    child.stderr.on("data", (chunk) => output.push(chunk))
    const end = (passed, text) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      console.log(`${passed ? "✓" : "✗"} ${name.padEnd(7)} ${seconds} s`)
      if (!passed) console.log(`\n${text.trim()}\n${fix}\n`)
      resolve(passed)
    }
    child.on("error", (error) => end(false, `${command} does not start: ${error.message}`))
    child.on("close", (status) => end(status === 0, Buffer.concat(output).toString()))
  })

const queue = [...steps]
const results = []
const worker = async () => {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) results.push(await run(step))
}
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker))

const failed = results.filter((passed) => !passed).length
console.log(`check: ${results.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
