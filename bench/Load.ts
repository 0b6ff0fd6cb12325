/**
 * The other side of a server under load: a client and a collector, in a process of their own.
 */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"

/** What the client saw of its requests. */
export interface Measured {
  /** Requests a second. */
  readonly rate: number
  /** Milliseconds that 99 of 100 requests took at most. */
  readonly p99: number
}

/** What the process is asked to do. */
export type Order = { readonly port: number; readonly requests: number } | "stop"

export interface Load {
  /** The address of a collector that takes everything. */
  readonly collector: string
  readonly ask: (port: number, requests: number) => Promise<Measured>
  /** Ends the process; says how many spans have arrived. */
  readonly stop: () => Promise<number>
}

const reply = async (child: ChildProcess): Promise<unknown> => ((await once(child, "message")) as [unknown])[0]

export const start = async (): Promise<Load> => {
  const child = fork(`${import.meta.dirname}/client.ts`)
  const collector = `http://127.0.0.1:${String(await reply(child))}`
  const ask = async (order: Order): Promise<unknown> => {
    child.send(order)
    return reply(child)
  }
  return {
    collector,
    ask: async (port, requests) => (await ask({ port, requests })) as Measured,
    stop: async () => {
      const arrived = (await ask("stop")) as number
      child.disconnect()
      return arrived
    }
  }
}
