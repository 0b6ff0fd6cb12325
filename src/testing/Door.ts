/**
 * A port of this machine that can be shut, with everybody thrown out, and opened again.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Net from "node:net"

export interface Door {
  readonly port: number
  /** Nobody listens any more, and every connection is cut. */
  readonly shut: Effect.Effect<void>
  /** Listens again, on the same port. */
  readonly open: Effect.Effect<void>
}

const listen = (server: Net.Server, port: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const refused = (error: Error) => resume(Effect.die(error))
    server.once("error", refused)
    server.listen(port, "127.0.0.1", () => {
      server.removeListener("error", refused)
      resume(Effect.void)
    })
  })

/** Opens a door on a free port; it is shut with the scope. `enter` is given every connection. */
export const make = Effect.fnUntraced(function* (
  enter: (socket: Net.Socket) => void
): Effect.fn.Return<Door, never, Scope.Scope> {
  const inside = new Set<Net.Socket>()
  const server = Net.createServer((socket) => {
    inside.add(socket)
    socket.on("close", () => inside.delete(socket))
    socket.on("error", () => undefined)
    enter(socket)
  })
  const shut = Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    for (const socket of inside) socket.destroy()
  })
  yield* Effect.acquireRelease(listen(server, 0), () => shut)
  const { port } = server.address() as Net.AddressInfo
  return { port, shut, open: Effect.suspend(() => (server.listening ? Effect.void : listen(server, port))) }
})
