import { assert, describe, it } from "@effect/vitest"
import { Console, Effect } from "effect"
import * as ConsoleLines from "../../src/export/ConsoleLines.ts"
import * as Otlp from "../../src/model/Otlp.ts"
import * as spans from "./spans.ts"

describe("ConsoleLines", () => {
  it.effect("writes a line of OTLP for each span, and none for one that cannot be read", () =>
    Effect.gen(function* () {
      const lines: Array<string> = []
      const all = [spans.make({ name: "a\nb" }), spans.make({ spanId: "" }), spans.make({ name: "c" })]
      const leftOut = yield* ConsoleLines.make()
        .export(all)
        .pipe(
          Effect.provideService(Console.Console, {
            ...globalThis.console,
            log: (...args: ReadonlyArray<unknown>) => lines.push(args.join(" "))
          } as Console.Console)
        )
      assert.deepInclude(leftOut, { rejected: 0, unreadable: 1 })
      assert.deepStrictEqual(
        lines.map((line) => JSON.parse(line)),
        [all[0]!, all[2]!].map((span) => JSON.parse(JSON.stringify(Otlp.fromSpans([span]))))
      )
      assert.isTrue(lines.every((line) => !line.includes("\n")))
    })
  )
})
