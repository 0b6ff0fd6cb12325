import { Effect } from "effect"
import { createServer, request as nodeRequest, type IncomingMessage, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"

/** What a server was sent. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

export interface Host {
  /** `http://127.0.0.1:41234` */
  readonly url: string
  readonly port: number
  readonly received: ReadonlyArray<Received>
}

/** A server on loopback that closes with the scope, and remembers what it was sent. */
export const host = (answer: RequestListener, address = "127.0.0.1") =>
  Effect.gen(function* () {
    const received: Array<Received> = []
    const server = createServer((request, response) => {
      const chunks: Array<Buffer> = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        const { headers, method = "", url: path = "" } = request
        received.push({ method, path, headers, body: Buffer.concat(chunks).toString() })
        answer(request, response)
      })
    })
    yield* listening(server, address)
    const { port } = server.address() as AddressInfo
    return { url: `http://${address}:${port}`, port, received } satisfies Host
  })

/** A node server that listens on a free port while the scope is open. */
export const listening = (server: ReturnType<typeof createServer>, address = "127.0.0.1") =>
  Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, address, () => resume(Effect.succeed((server.address() as AddressInfo).port)))
    }),
    () => Effect.sync(() => server.close().closeAllConnections())
  )

export interface Answered {
  readonly status: number
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends a request as a stranger would, without any tracing on this side. */
export const ask = (
  port: number,
  path: string,
  { body, headers, method = "GET" }: Asked = {}
): Effect.Effect<Answered> =>
  Effect.callback((resume) => {
    const sent = nodeRequest({ host: "127.0.0.1", port, path, method, headers: { connection: "close", ...headers } })
    sent.on("response", (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("close", () =>
        resume(
          Effect.succeed({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString()
          })
        )
      )
    })
    sent.on("error", (error) => resume(Effect.die(error)))
    sent.end(body)
    return Effect.sync(() => sent.destroy())
  })
