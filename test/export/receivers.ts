/**
 * Something that listens on this machine, remembers what came, and can be waited for.
 */
import { Effect, Queue, type Scope } from "effect"
import * as Udp from "node:dgram"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"

export interface Request {
  readonly method: string
  readonly path: string
  readonly headers: Http.IncomingHttpHeaders
  readonly body: Buffer
}

export interface HttpReceiver {
  readonly url: string
  readonly port: number
  readonly requests: ReadonlyArray<Request>
  /** The next request that nobody has taken yet. */
  readonly next: Effect.Effect<Request>
}

/** Answers every request with the status that is given, or that the function decides by the number of requests before it. */
export const http = (
  status: number | ((before: number) => number) = 202,
  port = 0
): Effect.Effect<HttpReceiver, never, Scope.Scope> =>
  Effect.gen(function* () {
    const requests: Array<Request> = []
    const queue = yield* Queue.unbounded<Request>()
    const server = Http.createServer((request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        const { headers, method = "", url = "" } = request
        const received = { method, path: url, headers, body: Buffer.concat(chunks) }
        response.writeHead(typeof status === "number" ? status : status(requests.length)).end()
        requests.push(received)
        Queue.offerUnsafe(queue, received)
      })
    })
    yield* Effect.acquireRelease(
      Effect.callback<void>((resume) => void server.listen(port, "127.0.0.1", () => resume(Effect.void))),
      () =>
        Effect.callback<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    )
    const address = server.address() as AddressInfo
    return { requests, next: Queue.take(queue), port: address.port, url: `http://127.0.0.1:${address.port}` }
  })

/** The address of something that listens, and never answers. */
export const silent: Effect.Effect<string, never, Scope.Scope> = Effect.gen(function* () {
  const server = Http.createServer((request) => void request.resume())
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

export interface UdpReceiver {
  readonly port: number
  readonly next: Effect.Effect<Buffer>
}

export const udp: Effect.Effect<UdpReceiver, never, Scope.Scope> = Effect.gen(function* () {
  const queue = yield* Queue.unbounded<Buffer>()
  const socket = Udp.createSocket({ type: "udp4", recvBufferSize: 4_000_000 })
  socket.on("message", (packet) => Queue.offerUnsafe(queue, packet))
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void socket.bind(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.callback<void>((resume) => void socket.close(() => resume(Effect.void)))
  )
  return { port: socket.address().port, next: Queue.take(queue) }
})
