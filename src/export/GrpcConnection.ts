/**
 * One HTTP/2 connection to a gRPC server, opened when it is needed and again after it has gone.
 *
 * Over TLS the server must choose `h2`; in plain text it must know HTTP/2
 * beforehand. No connection keeps a process alive.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http2 from "node:http2"
import * as Net from "node:net"
import * as Tls from "node:tls"
import * as OtlpTransport from "./OtlpTransport.ts"
import * as Untraced from "./Untraced.ts"

/** The socket is opened here, as Node's own would wait for the server to hang up after us. */
const dial = (url: URL, tls: OtlpTransport.OtlpTls): Net.Socket => {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1")
  if (url.protocol === "http:") return Net.connect({ host, port: Number(url.port || 80) })
  const port = Number(url.port || 443)
  return Tls.connect({ ...tls, host, port, servername: Net.isIP(host) === 0 ? host : "", ALPNProtocols: ["h2"] })
}

export class GrpcConnection {
  /** Why it broke, as far as one knows. */
  failure: unknown
  #calls = 0
  #retired = false
  readonly #socket: Net.Socket
  readonly #session: Http2.ClientHttp2Session

  constructor(url: URL, tls: OtlpTransport.OtlpTls) {
    this.#socket = dial(url, tls)
    OtlpTransport.unheld(this.#socket)
    // The socket knows better than the session what was wrong, and knows it first
    const failed = (error: unknown) => {
      this.failure ??= error
      this.retire()
    }
    this.#socket.on("error", failed)
    this.#session = Http2.connect(url, { createConnection: () => this.#socket })
    this.#session.on("error", failed)
    this.#session.on("close", () => this.retire())
    // The server wants to go: what it was asked it still answers, what comes next needs another connection
    this.#session.on("goaway", () => this.retire())
  }

  /** True when it takes another call. */
  get isOpen(): boolean {
    return !this.#retired && !this.#session.closed && !this.#session.destroyed
  }

  /** Begins a call. */
  request(headers: Http2.OutgoingHttpHeaders): Http2.ClientHttp2Stream {
    const stream = Untraced.run(() => this.#session.request(headers))
    this.#calls++
    stream.on("close", () => {
      this.#calls--
      if (this.#retired) this.retire()
    })
    return stream
  }

  /** Takes no more calls; those under way may end. */
  retire(): void {
    this.#retired = true
    if (this.#calls === 0) this.#socket.destroy()
  }

  /** Ends at once, with all calls. */
  destroy(): void {
    this.#retired = true
    this.#session.destroy()
    this.#socket.destroy()
  }
}

/** Gives the connection that is open, or opens one. All are closed with the scope. */
export const make = (url: URL, tls: OtlpTransport.OtlpTls): Effect.Effect<() => GrpcConnection, never, Scope.Scope> => {
  let connections: ReadonlyArray<GrpcConnection> = []
  return Effect.acquireRelease(
    Effect.succeed(() => {
      const open = connections.find(({ isOpen }) => isOpen)
      if (open !== undefined) return open
      const opened = Untraced.run(() => new GrpcConnection(url, tls))
      // Of those that have gone, only the last may still have calls under way
      connections = [...connections.slice(-1), opened]
      return opened
    }),
    () =>
      Effect.sync(() => {
        for (const connection of connections) connection.destroy()
      })
  )
}
