/** Sends requests over connections that stay open, and takes what tracers export; see `Load.ts`. */
import { Result } from "effect"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import { decode, encodingOf } from "../src/receiver/OtlpBody.ts"
import type { Measured, Order } from "./Load.ts"

const connections = 16
const agent = new Http.Agent({ keepAlive: true, maxSockets: connections })

const request = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const sent = Http.get({ host: "127.0.0.1", port, path: "/orders/42", agent }, (response) => {
      response.on("end", resolve).resume()
      if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`))
    })
    sent.on("error", reject)
  })

const run = async (port: number, requests: number): Promise<Measured> => {
  const taken: Array<number> = []
  let left = requests
  const start = performance.now()
  const connection = async (): Promise<void> => {
    while (left-- > 0) {
      const sent = performance.now()
      await request(port)
      taken.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: connections }, connection))
  const seconds = (performance.now() - start) / 1000
  // A server that closes waits for connections that are kept
  agent.destroy()
  return { rate: requests / seconds, p99: taken.sort((a, b) => a - b)[Math.floor(requests * 0.99)]! }
}

interface Taken {
  readonly type: string | undefined
  readonly body: Buffer
}

const taken: Array<Taken> = []

/** Counted when all is over, so that it slows nobody. */
const arrived = (): number => {
  let spans = 0
  for (const { body, type } of taken) spans += Result.getOrThrow(decode(body, encodingOf(type)!)).spans.length
  return spans
}

const collector = Http.createServer((request, response) => {
  const chunks: Array<Buffer> = []
  request
    .on("data", (chunk: Buffer) => chunks.push(chunk))
    .on("end", () => {
      const type = request.headers["content-type"]
      taken.push({ type, body: Buffer.concat(chunks) })
      response.writeHead(200, { "content-type": type }).end(type === "application/json" ? "{}" : undefined)
    })
})

const obey = async (order: Order): Promise<void> => {
  process.send!(order === "stop" ? arrived() : await run(order.port, order.requests))
}

process.on("message", (order: Order) => void obey(order))
process.on("disconnect", () => process.exit(0))
collector.listen(0, "127.0.0.1", () => process.send!((collector.address() as AddressInfo).port))
