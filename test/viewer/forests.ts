/** Traces as nobody would make them: orphans, cycles, clocks that disagree, siblings in any order. */
import * as fc from "fast-check"
import { type SpanLine, span } from "./traces.ts"

const line = (count: number) =>
  fc.record({
    parent: fc.option(fc.integer({ min: 1, max: count + 2 }), { nil: undefined, freq: 8 }),
    from: fc.integer({ min: 0, max: 1000 }),
    lasts: fc.integer({ min: 0, max: 400 }),
    service: fc.constantFrom("api", "worker", "services"),
    kind: fc.constantFrom(
      "internal" as const,
      "client" as const,
      "server" as const,
      "producer" as const,
      "consumer" as const
    ),
    error: fc.option(fc.constantFrom("declined", "gone"), { nil: undefined, freq: 3 }),
    attempt: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined, freq: 4 }),
    name: fc.constantFrom("a", "b", "c")
  })

export const forest = fc.integer({ min: 1, max: 40 }).chain((count) =>
  fc.array(line(count), { minLength: count, maxLength: count }).map((lines) =>
    lines.map(({ attempt, error, from, lasts, parent, ...rest }, index) =>
      span({
        ...rest,
        id: index + 1,
        from,
        to: from + lasts,
        ...(parent === undefined ? {} : { parent }),
        ...(error === undefined ? {} : { error }),
        ...(attempt === undefined ? {} : { attributes: { "retry.attempt": attempt } })
      } satisfies SpanLine)
    )
  )
)

/** One trace so large that nothing about it may be slower than linear: a root, loops in it, steps in those. */
export const large = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const id = index + 1
    const parent = id === 1 ? undefined : id <= 101 ? 1 : 2 + ((id - 102) % 100)
    return span({
      id,
      trace: 7,
      name: id === 1 ? "workflow.execute" : id <= 101 ? "workflow.loop.iteration" : "workflow.step.execute",
      from: id === 1 ? 0 : id <= 101 ? (id - 2) * 10 : ((id - 102) % 100) * 10 + ((id - 102) / count) * 9,
      to: id === 1 ? 1000 : id <= 101 ? (id - 1) * 10 : ((id - 102) % 100) * 10 + ((id - 102) / count) * 9 + 0.5,
      attributes: { workflow_id: "large", node_id: `step-${id % 17}` },
      ...(parent === undefined ? {} : { parent }),
      ...(id === count - 3 ? { error: "the needle" } : {})
    })
  })
