/**
 * A port that takes no connection and refuses none, as behind a firewall: of a process that is stopped, and whose queue of
 * connections is full.
 */
import { Effect, Stream } from "effect"
import { ChildProcess } from "effect/process"
import * as Net from "node:net"

const source = `const server = require("node:net").createServer()
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => console.log(server.address().port))`

/** Connections that wait for nobody: more than the queue holds. */
const fill = (port: number) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      Array.from({ length: 8 }, () => {
        const socket = Net.connect({ port, host: "127.0.0.1" })
        socket.on("error", () => undefined)
        return socket
      })
    ),
    (sockets) => Effect.sync(() => sockets.forEach((socket) => socket.destroy()))
  )

const isTaken = (socket: Net.Socket): boolean => !socket.connecting

export const url = Effect.gen(function* () {
  const child = yield* ChildProcess.make(process.execPath, ["-e", source], { stdin: "ignore" })
  const [line = ""] = yield* Stream.runCollect(Stream.take(Stream.splitLines(Stream.decodeText(child.stdout)), 1))
  // Its scope ends it, stopped or not: SIGKILL reaches it all the same
  process.kill(child.pid, "SIGSTOP")
  yield* Effect.addFinalizer(() => Effect.ignore(child.kill({ killSignal: "SIGKILL" })))
  const port = Number(line)
  const sockets = yield* fill(port)
  yield* Effect.repeat(Effect.sleep("20 millis"), { until: () => sockets.some(isTaken) })
  return `http://127.0.0.1:${port}`
})
