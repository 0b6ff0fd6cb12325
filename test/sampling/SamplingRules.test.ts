import { assert, describe, it } from "@effect/vitest"
import { Sampler } from "@gorax/tracing"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { CurrentBaggage } from "../../src/model/References.ts"
import * as Glob from "../../src/sampling/Glob.ts"
import * as SamplingRules from "../../src/sampling/SamplingRules.ts"

type Match = NonNullable<Sampler.SamplingRule["match"]>

const input = (given: Partial<Sampler.SamplingInput> = {}): Sampler.SamplingInput => ({
  traceId: `${"0".repeat(18)}90000000000000`,
  name: "work",
  kind: "server",
  attributes: new Map(),
  links: [],
  parent: undefined,
  ...given
})

const having = (attributes: Readonly<Record<string, string | number | boolean | ReadonlyArray<string>>>) =>
  input({ attributes: new Map(Object.entries(attributes)) })

const matches = (match: Match, given: Sampler.SamplingInput): boolean =>
  Sampler.rules([{ name: "it", match, action: "keep" }], Sampler.never).decide(given).sampled

describe("a rule matches", () => {
  it("what is equal, whether it is written as a text or as a number", () => {
    const error = { attributes: { "http.response.status_code": 500 } }
    assert.isTrue(matches(error, having({ "http.response.status_code": 500 })))
    assert.isTrue(matches(error, having({ "http.response.status_code": "500" })))
    assert.isFalse(matches(error, having({ "http.response.status_code": 200 })))
    assert.isFalse(matches(error, having({})))
    assert.isTrue(matches({ attributes: { beta: { equals: true } } }, having({ beta: true })))
  })

  it("tenant, workflow, route, name and kind by words of their own", () => {
    const order = having({ tenant_id: "acme", workflow_id: "fulfil-order", "http.route": "/orders/:id" })
    assert.isTrue(matches({ tenant: "acme", workflow: { prefix: "fulfil-" }, route: "/orders/:id" }, order))
    assert.isTrue(matches({ name: "work", kind: "server" }, order))
    for (const other of [
      { tenant: "other" },
      { workflow: "x" },
      { route: "/" },
      { name: "x" },
      { kind: "client" }
    ] as const) {
      assert.isFalse(matches({ tenant: "acme", ...other }, order), JSON.stringify(other))
    }
  })

  it("one of several, a beginning, a pattern, what is there and what is not", () => {
    const given = having({ tenant_id: "acme-eu", tags: ["slow", "beta"] })
    assert.isTrue(matches({ tenant: { in: ["x", "acme-eu"] } }, given))
    assert.isTrue(matches({ tenant: { prefix: "acme" } }, given))
    assert.isTrue(matches({ tenant: { glob: "ac*-*u" } }, given))
    assert.isTrue(matches({ attributes: { tags: "beta" } }, given))
    assert.isTrue(matches({ attributes: { tags: { exists: true }, other: { exists: false } } }, given))
    assert.isFalse(matches({ tenant: { in: ["x"] } }, given))
    assert.isFalse(matches({ tenant: { prefix: "cme" } }, given))
    assert.isFalse(matches({ attributes: { tags: "gamma" } }, given))
    assert.isFalse(matches({ tenant: { exists: false } }, given))
  })

  it("numbers in a range, where all that is asked of a value must be true", () => {
    const large = { attributes: { payload_size_bytes: { atLeast: 1000, below: 2000 } } }
    assert.isTrue(matches(large, having({ payload_size_bytes: 1000 })))
    assert.isTrue(matches(large, having({ payload_size_bytes: "1999.5" })))
    assert.isFalse(matches(large, having({ payload_size_bytes: 2000 })))
    assert.isFalse(matches(large, having({ payload_size_bytes: "many" })))
    assert.isFalse(matches({ attributes: { n: { above: 1 } } }, having({ n: 1 })))
    assert.isTrue(matches({ attributes: { n: { atMost: 1 } } }, having({ n: 1 })))
  })

  it("the baggage of the fiber that is at it when the decision falls", () => {
    const sampler = Sampler.rules(
      [{ name: "gold", match: { baggage: { tier: "gold" } }, action: "keep" }],
      Sampler.never
    )
    const decide = (tier: string) =>
      Effect.sync(() => sampler.decide(input())).pipe(
        Effect.provideService(CurrentBaggage, new Map([["tier", { value: tier }]])),
        Effect.runSync
      )
    assert.deepStrictEqual(decide("gold"), { sampled: true, reason: "gold", traceState: "ot=th:0" })
    assert.isFalse(decide("tin").sampled)
    assert.isFalse(sampler.decide(input()).sampled)
  })
})

describe("a list of rules", () => {
  const list: ReadonlyArray<Sampler.SamplingRule> = [
    { name: "polls", match: { route: "/poll" }, action: "drop" },
    { name: "acme", match: { tenant: "acme" }, action: "keep" },
    { name: "half", match: { tenant: { exists: true } }, action: { ratio: 0.5 } }
  ]
  const sampler = Sampler.rules(list, Sampler.ratio(0.1))

  it("decides by the first that matches, and by the sampler behind it where none does", () => {
    const decide = (attributes: Record<string, string>) => {
      const { reason, sampled, traceState } = sampler.decide(having(attributes))
      return [sampled, reason, traceState]
    }
    assert.deepStrictEqual(decide({ "http.route": "/poll", tenant_id: "acme" }), [false, "polls", undefined])
    assert.deepStrictEqual(decide({ tenant_id: "acme" }), [true, "acme", "ot=th:0"])
    assert.deepStrictEqual(decide({ tenant_id: "other" }), [true, "half", "ot=th:8"])
    assert.deepStrictEqual(decide({}), [false, "ratio", undefined])
    assert.strictEqual(sampler.description, "rules(3,traceidratio(0.1))")
  })

  it("keeps so many traces a second of what a rule is about, and says no probability while it refuses", () => {
    let now = 0n
    const refused: Array<string> = []
    const limited = Sampler.rules([{ name: "imports", action: { perSecond: 2 } }], Sampler.never, {
      clock: { monotonicTimeNanosUnsafe: () => now },
      onRefused: (reason) => refused.push(reason)
    })
    const decide = () => limited.decide(input())
    assert.deepStrictEqual(decide(), { sampled: true, reason: "imports", traceState: "ot=th:0" })
    assert.isTrue(decide().sampled)
    assert.deepStrictEqual(decide(), { sampled: false, reason: "imports.rate_limit" })
    now += 500_000_000n
    // One was left out of those that are like this one
    assert.deepStrictEqual(decide(), { sampled: true, reason: "imports", traceState: "" })
    now += 1_000_000_000n
    assert.strictEqual(decide().traceState, "ot=th:0")
    assert.deepStrictEqual(refused, ["imports.rate_limit"])
  })

  it("asks about what is inside a trace no limit: it goes with its parent", () => {
    const limited = Sampler.rules([{ name: "few", action: { perSecond: 1 } }], Sampler.never)
    const child = (sampled: boolean) =>
      limited.decide(
        input({
          parent: {
            traceId: "1".repeat(32),
            spanId: "1".repeat(16),
            traceFlags: sampled ? 1 : 0,
            traceState: "",
            isRemote: false
          }
        })
      ).sampled
    for (let times = 0; times < 5; times++) {
      assert.isTrue(child(true))
      assert.isFalse(child(false))
    }
    assert.isTrue(limited.decide(input()).sampled)
  })
})

describe("rules that are not usable say where, what they must be and what they are", () => {
  const problems = (given: unknown) =>
    Result.match(SamplingRules.fromUnknown(given), {
      onSuccess: () => [],
      onFailure: (found) => found.map(({ at, rule, value }) => `${at} must be ${rule}; it is ${value}`)
    })
  const known = "equals, in, prefix, glob, exists, above, atLeast, below, atMost"

  it.each<readonly [unknown, ReadonlyArray<string>]>([
    [{}, [" must be a list; it is {}"]],
    [[{ name: "a", action: "keep" }, { action: "keep" }], ["[1].name must be there; it is missing"]],
    [
      [{ name: "", action: "kep" }],
      [
        '[0].name must be a name of 1 to 64 characters, without control characters; it is ""',
        '[0].action must be "keep", "drop", or an object with ratio, perSecond or both; it is "kep"'
      ]
    ],
    [[{ name: "a", action: { ratio: 7 } }], ["[0].action.ratio must be a number from 0 to 1; it is 7"]],
    [[{ name: "a", action: { perSecond: 0 } }], ["[0].action.perSecond must be a number above 0; it is 0"]],
    [[{ name: "a", action: {} }], ["[0].action must be an object with ratio, perSecond or both; it is {}"]],
    [
      [{ name: "a", match: { tenat: "acme" }, action: "keep" }],
      [
        "[0].match.tenat must be left out, or called one of name, kind, tenant, workflow, route, attributes, baggage; " +
          'it is "acme"'
      ]
    ],
    [
      [{ name: "a", match: { attributes: { "http.route": { regex: "(a+)+" } } }, action: "keep" }],
      [`[0].match.attributes["http.route"].regex must be left out, or called one of ${known}; it is "(a+)+"`]
    ],
    [
      [{ name: "a", match: { tenant: { in: [] } }, action: "keep" }],
      ["[0].match.tenant.in must be a list with something in it; it is []"]
    ],
    [
      [{ name: "a", match: { kind: "serve" }, action: "keep" }],
      ['[0].match.kind must be one of internal, server, client, producer, consumer; it is "serve"']
    ],
    [
      [{ name: "a", match: { tenant: { exists: "no", prefix: 7 } }, action: 7 }],
      [
        "[0].match.tenant.prefix must be a text; it is 7",
        '[0].match.tenant.exists must be true or false; it is "no"',
        '[0].action must be "keep", "drop", or an object with ratio, perSecond or both; it is 7'
      ]
    ],
    [
      [{ name: "a", match: { tenant: null }, action: "keep" }],
      ["[0].match.tenant must be a text, a number, true, false, or an object of conditions; it is null"]
    ],
    [
      [{ name: "a", match: { baggage: { size: { above: "1" } } }, action: "keep" }],
      ['[0].match.baggage.size.above must be a number; it is "1"']
    ]
  ])("%j", (given, expected) => {
    assert.deepStrictEqual(problems(given), expected)
  })

  it("and where JSON is broken, the place", () => {
    const broken = SamplingRules.fromJson('[{"name": "a",\n "action" "keep"}]')
    assert.deepStrictEqual(Result.isFailure(broken) && broken.failure, [
      {
        at: "",
        rule: "a list of rules in JSON",
        value: '"[{\\"name\\": \\"a\\",\\n \\"action\\" \\"keep\\"}]" (line 2 column 11)'
      }
    ])
  })

  it("and never fail otherwise, whatever they are", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value)
        assert.strictEqual(
          Result.isSuccess(SamplingRules.fromJson(text)),
          Result.isSuccess(SamplingRules.fromUnknown(value))
        )
      })
    )
    fc.assert(fc.property(fc.string(), (text) => void SamplingRules.fromJson(text)))
    assert.isTrue(Result.isFailure(SamplingRules.fromJson("[".repeat(100_000))))
  })
})

describe("a pattern", () => {
  it("fits what a regular expression of it fits", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "-"), maxLength: 12 })
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "-", "*"), maxLength: 8 })
    fc.assert(
      fc.property(pattern, text, (pattern, text) => {
        const expression = new RegExp(`^${pattern.replaceAll("*", ".*")}$`)
        assert.strictEqual(Glob.matcher(pattern)(text), expression.test(text))
      }),
      { numRuns: 2000 }
    )
  })

  it("takes time by the length of the text, where an expression takes forever", () => {
    const matches = Glob.matcher(`${"*a".repeat(200)}*b`)
    const started = performance.now()
    for (let times = 0; times < 50; times++) assert.isFalse(matches("a".repeat(16_384)))
    assert.isBelow(performance.now() - started, 1000)
  })
})
