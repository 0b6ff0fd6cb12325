/**
 * A Jaeger agent, or whatever listens in its place, at the other end of a UDP socket.
 *
 * Packets go one after the other, so that a batch does not overrun the
 * socket's buffer. Nobody answers; but where the agent is on this machine, the
 * system says at once that nobody listens. No socket keeps a process alive.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Udp from "node:dgram"
import * as Net from "node:net"
import { ExportError } from "../model/TracingError.ts"
import type { JaegerPacket } from "./JaegerBatch.ts"

export interface JaegerAgentOptions {
  readonly host: string
  readonly port: number
  /** No packet has more bytes. Most agents read 65,000; a network may carry less. */
  readonly packetSize: number
}

export type SendPacket = (packet: JaegerPacket) => Effect.Effect<void, ExportError>

/** The place, for people. */
export const display = ({ host, port }: Pick<JaegerAgentOptions, "host" | "port">): string =>
  `udp://${Net.isIPv6(host) ? `[${host}]` : host}:${port}`

const failure = (options: JaegerAgentOptions, error: unknown): ExportError => {
  const code = String(Reflect.get(Object(error), "code") ?? "the packet was not taken")
  const advice =
    code === "EMSGSIZE"
      ? "The network takes no packet of this size. TRACING_JAEGER_PACKET_SIZE makes them smaller"
      : "Does a Jaeger agent listen there (TRACING_JAEGER_AGENT)?"
  return new ExportError({
    reason: "Unreachable",
    endpoint: display(options),
    advice: `${code}. ${advice}`,
    retryable: code !== "EMSGSIZE"
  })
}

/** By the second turn of the event loop the socket has said what it knows. */
const heard = (then: () => void): void => void setImmediate(() => setImmediate(then))

/** Opens a socket when there is something to send, and another after one has failed: the name may lead elsewhere by then. */
export const make = (options: JaegerAgentOptions): Effect.Effect<SendPacket, never, Scope.Scope> => {
  let socket: Udp.Socket | undefined
  /** What became of a packet that had been sent. */
  let lost: unknown

  const close = (): void => {
    socket?.close()
    socket = undefined
  }

  const connected: Effect.Effect<Udp.Socket, ExportError> = Effect.callback((resume) => {
    if (socket !== undefined) return resume(Effect.succeed(socket))
    const opened = Udp.createSocket(Net.isIPv6(options.host) ? "udp6" : "udp4")
    opened.unref()
    const refuse = (error: unknown) => {
      opened.close()
      resume(Effect.fail(failure(options, error)))
    }
    opened.once("error", refuse)
    opened.once("connect", () => {
      opened.off("error", refuse)
      opened.on("error", (error) => {
        lost = error
      })
      socket = opened
      resume(Effect.succeed(opened))
    })
    opened.connect(options.port, options.host)
  })

  const send: SendPacket = ({ bytes }) =>
    Effect.flatMap(connected, (open) =>
      Effect.callback((resume) => {
        open.send(bytes, (refused) =>
          heard(() => {
            const error = refused ?? lost
            lost = undefined
            if (error === undefined) return resume(Effect.void)
            if (socket === open) close()
            resume(Effect.fail(failure(options, error)))
          })
        )
      })
    )

  return Effect.acquireRelease(Effect.succeed(send), () => Effect.sync(close))
}
