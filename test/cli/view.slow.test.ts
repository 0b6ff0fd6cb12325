import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule, Stream } from "effect"
import * as Otlp from "../../src/model/Otlp.ts"
import { order, span } from "../viewer/traces.ts"
import * as CommandLine from "./CommandLine.ts"

/** A command that stays up, and what it has printed. */
const started = Effect.fnUntraced(function* (args: string) {
  const child = yield* CommandLine.started(args)
  let printed = ""
  yield* child.all.pipe(
    Stream.decodeText(),
    Stream.runForEach((text) => Effect.sync(() => (printed += text))),
    Effect.forkScoped
  )
  const says = (wanted: string | RegExp) =>
    Effect.sync(() => printed).pipe(
      Effect.repeat({
        until: (text) => (typeof wanted === "string" ? text.includes(wanted) : wanted.test(text)),
        schedule: Schedule.spaced("20 millis")
      }),
      Effect.timeoutOrElse({
        duration: "30 seconds",
        orElse: () => Effect.die(new Error(`It never said ${wanted}, but:\n${printed}`))
      })
    )
  return { child, says }
})

const send = (url: string, spans: typeof order) =>
  Effect.promise(async () => {
    const response = await fetch(`${url}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(Otlp.fromSpans(spans))
    })
    assert.strictEqual(response.status, 200)
  })

describe("gorax-tracing view", () => {
  it.live("draws traces as they come, is found by the next one that is started, and is followed by it", () =>
    Effect.gen(function* () {
      const first = yield* started("view --port 0 --terminal")
      const [, url = "", port = ""] = /Traces {5}(http:\/\/127\.0\.0\.1:(\d+))/.exec(
        yield* first.says("Ctrl-C stops it.")
      )!
      const second = yield* CommandLine.run(`view --port ${port}`)
      assert.strictEqual(second.code, 0)
      assert.include(second.out, `A viewer already runs: ${url}`)
      const follower = yield* started(`view --port ${port} --terminal`)
      yield* follower.says(`Following the viewer on ${url}`)
      // It listens once the connection stands; until then the trace grows again and again
      const growing = Effect.suspend(() =>
        send(url, [...order, span({ id: 100 + Math.round(performance.now()), parent: 1, name: "later" })])
      )
      yield* Effect.raceFirst(follower.says("later"), Effect.repeat(growing, Schedule.spaced("1 second")))
      yield* first.says(/✗ ShipmentRefused: the carrier does not ship to islands/)
      yield* follower.says(/✗ ShipmentRefused: the carrier does not ship to islands/)
      const copy = yield* CommandLine.run(`view --port ${port} --export -`)
      assert.strictEqual(copy.out.split("\n").length, 1)
      assert.include(copy.out, "charge-card")
      yield* first.child.kill({ killSignal: "SIGTERM" })
      yield* follower.says(`The viewer on ${url} is gone.`)
      assert.strictEqual(yield* follower.child.exitCode, 1)
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
