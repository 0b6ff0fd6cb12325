/**
 * A collector that takes everything until it hangs: then it answers nothing, and counts the requests it is left with.
 */
import { Effect } from "effect"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

export const make = Effect.gen(function* () {
  let hangs = false
  let open = 0
  let most = 0
  let requests = 0
  const server = createServer((request, response) => {
    request.resume()
    if (!hangs) {
      request.on("end", () => response.end())
      return
    }
    requests++
    most = Math.max(most, ++open)
    response.on("close", () => open--)
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hang: () => {
      hangs = true
    },
    /** How many requests there were since it hangs, and how many of them were open at the same time, at most. */
    seen: () => ({ requests, most })
  }
})
