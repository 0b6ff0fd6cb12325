import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import type * as NetAddress from "effect/net/NetAddress"
import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import cases from "../vectors/trace-context-service.json" with { type: "json" }
import * as Service from "./traceContextService.ts"

type Lines = ReadonlyArray<readonly [name: string, value: string]>

interface Case {
  readonly test: string
  readonly requests: ReadonlyArray<{
    /** Header lines of the request, in order, as they go over the wire. */
    readonly headers: Lines
    /** How many calls the service is asked for. */
    readonly times?: number
    readonly traceId: "kept" | "new" | "any"
    readonly not?: ReadonlyArray<string>
    readonly members?: Readonly<Record<string, string>>
    readonly absent?: ReadonlyArray<string>
    readonly count?: number
    readonly ordered?: ReadonlyArray<string>
    readonly oneOf?: ReadonlyArray<string>
    readonly flags?: number
  }>
}

const traceId = "12345678901234567890123456789012"
const parentId = "1234567890123456"

const linesOf = (rawHeaders: ReadonlyArray<string>): Lines =>
  rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), rawHeaders[index + 1]!] as const] : []))

/** What the harness is: it tells the service whom to call, and remembers the header lines of each call. */
const harness = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly calls: Map<string, Lines>; readonly close: () => void }>(
    (resume) => {
      const calls = new Map<string, Lines>()
      const server = createServer((incoming, response) => {
        calls.set(incoming.url!.slice(1), linesOf(incoming.rawHeaders))
        incoming.resume().on("end", () => response.end("null"))
      })
      server.listen(0, "127.0.0.1", () => {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
        resume(Effect.succeed({ url, calls, close: () => server.close().closeAllConnections() }))
      })
    }
  ),
  ({ close }) => Effect.sync(close)
)

/** Posts to the service with exactly these header lines: repeated names, odd cases and spaces stay as they are. */
const post = (port: number, headers: Lines, body: string) =>
  Effect.callback<number | undefined>((resume) => {
    const all = [["host", `127.0.0.1:${port}`], ["content-type", "application/json"], ...headers] as const
    const sent = request(
      { port, host: "127.0.0.1", path: "/test", method: "POST", headers: all.flat() },
      (response) => {
        response.resume().on("end", () => resume(Effect.succeed(response.statusCode)))
      }
    )
    sent.end(body)
  })

const called = Effect.fnUntraced(function* (headers: Lines, times: number) {
  const { calls, url } = yield* harness
  const { address } = yield* HttpServer.HttpServer
  const ids = Array.from({ length: times }, (_, index) => String(index))
  const body = JSON.stringify(ids.map((id) => ({ url: `${url}/${id}`, arguments: [] })))
  assert.strictEqual(yield* post((address as NetAddress.InetAddress).port, headers, body), 200)
  return ids.map((id) => calls.get(id)!)
}, Effect.scoped)

const parentOf = (lines: Lines) => {
  const found = lines.filter(([name]) => name === "traceparent").map(([, value]) => value)
  assert.strictEqual(found.length, 1)
  const [, traceId, parentId, flags] =
    /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/.exec(found[0]!) ?? assert.fail(found[0])
  return { traceId: traceId!, parentId: parentId!, flags: Number.parseInt(flags!, 16) }
}

const membersOf = (lines: Lines): ReadonlyArray<string> =>
  lines.flatMap(([name, value]) => (name === "tracestate" ? value.split(",") : []))

const check = Effect.fnUntraced(function* (expected: Case["requests"][number]) {
  const calls = yield* called(expected.headers, expected.times ?? 1)
  const parents = calls.map(parentOf)
  assert.strictEqual(new Set(parents.map(({ parentId }) => parentId)).size, calls.length)
  for (const [index, parent] of parents.entries()) {
    if (expected.traceId === "kept") assert.strictEqual(parent.traceId, traceId)
    assert.notInclude(expected.not ?? [], parent.traceId)
    // Ids that are made here are random, and say so
    if (expected.traceId === "new") assert.strictEqual(parent.flags, 3)
    assert.notStrictEqual(parent.parentId, parentId)
    if (expected.flags !== undefined) assert.strictEqual(parent.flags & expected.flags, expected.flags)
    const members = membersOf(calls[index]!)
    const state = Object.fromEntries(members.map((member) => member.split("=", 2)))
    for (const [key, value] of Object.entries(expected.members ?? {})) assert.strictEqual(state[key], value)
    for (const key of expected.absent ?? []) assert.notProperty(state, key)
    if (expected.count !== undefined) assert.strictEqual(members.length, expected.count)
    if (expected.ordered !== undefined) assert.deepStrictEqual(members, expected.ordered)
    if (expected.oneOf !== undefined) assert.include(expected.oneOf, members.join(","))
  }
})

layer(Service.layer(0).pipe(Layer.fresh), { excludeTestServices: true })(
  "a service passes the test of W3C trace context",
  (it) => {
    it.effect("of which there are 41", () => Effect.sync(() => assert.strictEqual(cases.length, 41)))
    for (const { requests, test } of cases as unknown as ReadonlyArray<Case>) {
      it.effect(test.replaceAll("_", " "), () => Effect.forEach(requests, check, { discard: true }))
    }
  }
)
