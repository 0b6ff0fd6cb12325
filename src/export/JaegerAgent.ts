/**
 * A Jaeger agent, or whatever listens in its place, at the other end of a UDP socket.
 *
 * Packets go one after the other, so that a batch does not overrun the
 * socket's buffer. The system says that nobody listens only where the agent is
 * on this machine, and then only with the next packet. No socket keeps a
 * process alive.
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

/** Opens a socket when there is something to send, and another after one has failed: the name may lead elsewhere by then. */
export const make = (options: JaegerAgentOptions): Effect.Effect<SendPacket, never, Scope.Scope> => {
  let socket: Udp.Socket | undefined

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
    opened.connect(options.port, options.host, () => {
      opened.off("error", refuse)
      // What is said about packets long gone comes again with the next one
      opened.on("error", () => undefined)
      socket = opened
      resume(Effect.succeed(opened))
    })
  })

  const send: SendPacket = ({ bytes }) =>
    Effect.flatMap(connected, (open) =>
      Effect.callback((resume) => {
        open.send(bytes, (error) => {
          if (error === null) return resume(Effect.void)
          if (socket === open) close()
          resume(Effect.fail(failure(options, error)))
        })
      })
    )

  return Effect.acquireRelease(Effect.succeed(send), () => Effect.sync(close))
}
