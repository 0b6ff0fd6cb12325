import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { FakeCollector } from "@gorax/tracing/testing"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import type * as SpoolDrain from "../../src/layers/SpoolDrain.ts"
import { bytesIn, environment, filesIn, folder, notedIn, started } from "../faults/CrashRun.ts"
import * as CommandLine from "./CommandLine.ts"

const world = Layer.merge(FakeCollector.layer, NodeServices.layer)
const nowhere = { TRACING_ENDPOINT: "http://127.0.0.1:9" }
const key = "5a".repeat(32)

/** A program that makes spans and cannot deliver them. */
const program = Effect.fnUntraced(function* (extra: Readonly<Record<string, string>> = {}) {
  const collector = yield* FakeCollector.FakeCollector
  const home = yield* folder
  const notes = path.join(home, "ids")
  const spool = path.join(home, "spool")
  const { child, said } = yield* started(notes, 2000, "never", {
    ...environment(collector, spool),
    ...nowhere,
    ...extra
  })
  yield* said("working")
  yield* Effect.repeat(Effect.sleep("10 millis"), { until: () => bytesIn(spool) > 100_000 })
  return {
    pid: child.pid,
    spool,
    collector,
    env: { ...environment(collector, spool), ...extra },
    ended: () => notedIn(notes).size,
    kill: Effect.andThen(child.kill({ killSignal: "SIGKILL" }), Effect.exit(child.exitCode))
  }
})

const killed = (extra: Readonly<Record<string, string>> = {}) => Effect.tap(program(extra), ({ kill }) => kill)

const listed = (env: Readonly<Record<string, string>>) =>
  Effect.map(CommandLine.run("spool ls --json", env), ({ code, err, out }) => {
    assert.deepStrictEqual([code, err], [0, ""])
    return JSON.parse(out)
  })

const drained = (env: Readonly<Record<string, string>>, args = "") =>
  Effect.map(CommandLine.run(`spool drain --json${args}`, env), ({ code, err, out }) => ({
    code,
    err,
    ...(JSON.parse(out) as SpoolDrain.Drained & { readonly living: number })
  }))

describe("gorax-tracing spool", () => {
  it.live("lists what a killed process left, sends all of it, and then lists nothing", () =>
    Effect.gen(function* () {
      const { collector, ended, env, pid, spool } = yield* killed()
      const list = yield* listed(env)
      assert.isAtLeast(list.waiting, ended())
      assert.deepInclude(list, { directory: spool, records: list.waiting, damaged: 0, bytes: bytesIn(spool) })
      assert.deepStrictEqual(list.holdings[0].owner, { state: "gone", pid, here: true })
      assert.strictEqual(list.holdings[0].files[0].kind, "plain")
      assert.match((yield* CommandLine.run("spool ls", env)).out, new RegExp(`process ${pid} +gone .*/0000000000 `))

      assert.deepInclude(yield* drained(env), { code: 0, err: "", sent: list.waiting, refused: 0, left: 0, living: 0 })
      const arrived = new Set((yield* collector.spans).map(({ spanId }) => spanId))
      assert.strictEqual(arrived.size, list.waiting)
      assert.deepStrictEqual(fs.readdirSync(spool), [])
      assert.strictEqual((yield* CommandLine.run("spool ls", env)).out, `Nothing waits in ${spool}.`)
    }).pipe(Effect.scoped, Effect.provide(world))
  )

  it.live("leaves what a living process has to it: neither sends nor deletes it, and says so", () =>
    Effect.gen(function* () {
      const { collector, env, kill, pid, spool } = yield* program()
      assert.deepStrictEqual((yield* listed(env)).holdings[0].owner, { state: "alive", pid, here: true })
      const drain = yield* CommandLine.run("spool drain", env)
      assert.strictEqual(drain.code, 0)
      assert.match(
        drain.out,
        /^Sent 0 spans to http:.*\nLeft to processes that are alive, and deliver them themselves: [\d,]+ spans\.$/
      )
      const remove = yield* CommandLine.run("spool rm --yes", env)
      assert.deepStrictEqual(remove, {
        code: 0,
        out: `Left alone, as they are alive: process ${pid}.\nNothing to delete in ${spool}.`,
        err: ""
      })
      assert.deepStrictEqual(yield* collector.spans, [])
      const before = bytesIn(spool)
      yield* Effect.repeat(Effect.sleep("10 millis"), { until: () => bytesIn(spool) > before })
      yield* kill
    }).pipe(Effect.scoped, Effect.provide(world))
  )

  it.live("sends nothing while the destination is away, says what to do, and sends it when it is back", () =>
    Effect.gen(function* () {
      const { collector, env } = yield* killed()
      const { waiting } = yield* listed(env)
      yield* collector.stop
      const away = yield* drained({ ...env, TRACING_SHUTDOWN_TIMEOUT: "200" }, " --timeout 300")
      assert.deepInclude(away, { code: 2, sent: 0, left: waiting, locked: 0 })
      assert.match(away.err, /spans left on disk\. Unreachable: http.*Run this again when the destination takes spans/)
      assert.strictEqual((yield* listed(env)).waiting, waiting)
      yield* collector.start
      assert.deepInclude(yield* drained(env), { code: 0, sent: waiting, left: 0 })
    }).pipe(Effect.scoped, Effect.provide(world))
  )

  it.live("loses nothing when it is killed itself while it sends", () =>
    Effect.gen(function* () {
      const { collector, ended, env } = yield* killed()
      yield* collector.respondWith(FakeCollector.hang, { times: Infinity })
      const first = yield* CommandLine.started("spool drain", env)
      yield* collector.awaitRequests(1)
      yield* first.kill({ killSignal: "SIGKILL" })
      yield* Effect.exit(first.exitCode)
      yield* collector.recover
      const { holdings, waiting } = yield* listed(env)
      assert.isAtLeast(waiting, ended())
      assert.deepInclude(holdings[0].owner, { state: "gone", pid: first.pid })
      assert.deepInclude(yield* drained(env), { code: 0, sent: waiting, left: 0 })
    }).pipe(Effect.scoped, Effect.provide(world))
  )

  it.live("exits with 3 when the destination refuses spans for good, and says how many", () =>
    Effect.gen(function* () {
      const { collector, env, spool } = yield* killed()
      const { waiting } = yield* listed(env)
      yield* collector.respondWith(400, { times: Infinity })
      const refused = yield* drained(env)
      assert.deepInclude(refused, { code: 3, sent: 0, refused: waiting, left: 0 })
      assert.match(refused.err, /Not all was sent: [\d,]+ spans refused or lost\. Rejected: http.*HTTP status 400/)
      assert.strictEqual(filesIn(spool), 0)
    }).pipe(Effect.scoped, Effect.provide(world))
  )

  it.live("reads encrypted spans with the program's key, leaves them alone without, and shows the key to nobody", () =>
    Effect.gen(function* () {
      const { env } = yield* killed({ TRACING_SPOOL_KEY: key })
      const { holdings, waiting } = yield* listed(env)
      assert.strictEqual(holdings[0].files[0].kind, "encrypted")
      const other = { ...env, TRACING_SPOOL_KEY: "a5".repeat(32) }
      assert.strictEqual((yield* listed(other)).holdings[0].files[0].kind, "locked")
      const locked = yield* drained(other)
      assert.deepInclude(locked, { code: 2, sent: 0, left: waiting, locked: waiting })
      assert.match(locked.err, /Set TRACING_SPOOL_KEY to the key they were written with/)
      const right = yield* drained(env)
      assert.deepInclude(right, { code: 0, sent: waiting, left: 0 })
      for (const said of [locked, right]) assert.notMatch(JSON.stringify(said), /5a5a5a|a5a5a5/)
    }).pipe(Effect.scoped, Effect.provide(world))
  )

  it.live("counts what is damaged, and sends the rest", () =>
    Effect.gen(function* () {
      const { env, spool } = yield* killed()
      const { waiting } = yield* listed(env)
      const names = fs.readdirSync(spool, { recursive: true, encoding: "utf8" })
      const file = path.join(
        spool,
        names.find((name) => name.endsWith(".spans"))!
      )
      const bytes = fs.readFileSync(file)
      bytes[500]! ^= 1
      fs.writeFileSync(file, bytes)
      assert.deepInclude(yield* listed(env), { waiting: waiting - 1, damaged: 1 })
      const drain = yield* drained(env)
      assert.deepInclude(drain, { code: 3, sent: waiting - 1, left: 0 })
      assert.deepStrictEqual(drain.dropped, { spool_damaged: 1 })
    }).pipe(Effect.scoped, Effect.provide(world))
  )

  it.live("deletes only when told twice, and only what is as old as was said", () =>
    Effect.gen(function* () {
      const { env, spool } = yield* killed()
      assert.strictEqual((yield* CommandLine.run("spool rm --older-then 1", env)).code, 1)
      const asked = yield* CommandLine.run("spool rm", env)
      assert.strictEqual(asked.code, 1)
      assert.match(asked.err, /Delete 1 file with [\d,]+ undelivered spans in .*say --yes/)
      const young = yield* CommandLine.run("spool rm --yes --older-than 3600000", env)
      assert.deepStrictEqual(young, { code: 0, out: `Nothing to delete in ${spool}.`, err: "" })
      assert.strictEqual(filesIn(spool), 1)
      const deleted = yield* CommandLine.run("spool rm --yes", env)
      assert.match(deleted.out, /^Deleted 1 file with [\d,]+ undelivered spans\.$/)
      assert.deepStrictEqual(fs.readdirSync(spool), [])
    }).pipe(Effect.scoped, Effect.provide(world))
  )
})
