import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { Exemplar, HistogramPoint, MetricReading } from "../../src/model/MetricReading.ts"
import * as OpenMetrics from "../../src/metrics/OpenMetrics.ts"
import * as OpenMetricsFormat from "../../src/metrics/OpenMetricsFormat.ts"
import { parse } from "./openMetricsText.ts"

const described = { description: "", unit: "" }
const text = (...readings: ReadonlyArray<MetricReading>): string => OpenMetrics.format(readings, "openmetrics")

const example = (value: number): Exemplar => ({
  value,
  time: 1_520_879_607_789_000_000n,
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331"
})

const runs: MetricReading & { readonly kind: "histogram" } = {
  kind: "histogram",
  name: "workflow.run.duration",
  description: 'How long "runs" took,\nall of them \\ each',
  unit: "s",
  points: [
    {
      labels: { workflow_id: 'ful"fil\\\n', "tenant.id": "acme" },
      bounds: [0.1, 1, 10],
      counts: [1, 2, 0, 1],
      count: 4,
      sum: 61.5,
      min: 0.05,
      max: 60,
      exemplars: [example(0.05), example(0.5), example(60)]
    }
  ]
}

describe("the reader of these tests", () => {
  it("reads the example of the specification", () => {
    const families = parse(`# TYPE acme_http_router_request_seconds summary
# UNIT acme_http_router_request_seconds seconds
# HELP acme_http_router_request_seconds Latency though all of ACME's HTTP request router.
acme_http_router_request_seconds_sum{path="/api/v1",method="GET"} 9036.32
acme_http_router_request_seconds_count{path="/api/v1",method="GET"} 807283.0
acme_http_router_request_seconds_created{path="/api/v1",method="GET"} 1605281325.0
acme_http_router_request_seconds_sum{path="/api/v2",method="POST"} 479.3
acme_http_router_request_seconds_count{path="/api/v2",method="POST"} 34.0
acme_http_router_request_seconds_created{path="/api/v2",method="POST"} 1605281325.0
# TYPE go_goroutines gauge
# HELP go_goroutines Number of goroutines that currently exist.
go_goroutines 69
# TYPE foo histogram
foo_bucket{le="0.01"} 0
foo_bucket{le="0.1"} 8 # {} 0.054
foo_bucket{le="1.0"} 11 # {trace_id="KOO5S4vxi0o"} 0.67
foo_bucket{le="10.0"} 17 # {trace_id="oHg5SJYRHA0"} 9.8 1520879607.789
foo_bucket{le="+Inf"} 17
foo_count 17
foo_sum 324789.3
foo_created 1520430000.123
# EOF
`)
    assert.deepStrictEqual(
      families.map(({ name, type }) => `${type} ${name}`),
      ["summary acme_http_router_request_seconds", "gauge go_goroutines", "histogram foo"]
    )
  })

  for (const [reason, bad] of [
    ["no end", "a 1\n"],
    ["two ends", "a 1\n# EOF\n# EOF\n"],
    ["an empty line", "a 1\n\n# EOF\n"],
    ["a counter without _total", "# TYPE a counter\na 1\n# EOF\n"],
    ["a counter that is negative", "# TYPE a counter\na_total -1\n# EOF\n"],
    ["labels without a comma", 'a{a="1"b="2"} 1\n# EOF\n'],
    ["a label twice", 'a{a="1",a="2"} 1\n# EOF\n'],
    ["a text that is not escaped", 'a{a="\\t"} 1\n# EOF\n'],
    ["an interleaved family", "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\n# EOF\n"],
    ["a sample twice", "# TYPE a gauge\na 1\na 1\n# EOF\n"],
    ["an exemplar of a gauge", "# TYPE a gauge\na 1 # {} 1\n# EOF\n"],
    ["an exemplar that is too long", `# TYPE a counter\na_total 1 # {a="${"x".repeat(128)}"} 1\n# EOF\n`],
    [
      "an exemplar of another bucket",
      '# TYPE a histogram\na_bucket{le="1.0"} 1 # {} 2\na_bucket{le="+Inf"} 1\n# EOF\n'
    ],
    ["a histogram without +Inf", '# TYPE a histogram\na_bucket{le="1.0"} 1\n# EOF\n'],
    ["a histogram that shrinks", '# TYPE a histogram\na_bucket{le="1.0"} 2\na_bucket{le="+Inf"} 1\n# EOF\n'],
    ["a bound that is no float", '# TYPE a histogram\na_bucket{le="1"} 1\na_bucket{le="+Inf"} 1\n# EOF\n'],
    ["a unit that is not in the name", "# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n"],
    ["a number that is none", "a 0x1\n# EOF\n"]
  ] as const) {
    it(`refuses ${reason}`, () => {
      assert.throws(() => parse(bad))
    })
  }
})

describe("metrics as OpenMetrics", () => {
  it("have buckets that add up, the unit in their name, and examples that name a trace", () => {
    assert.strictEqual(
      text(runs),
      `# TYPE workflow_run_duration_seconds histogram
# UNIT workflow_run_duration_seconds seconds
# HELP workflow_run_duration_seconds How long \\"runs\\" took,\\nall of them \\\\ each
workflow_run_duration_seconds_bucket{tenant_id="acme",workflow_id="ful\\"fil\\\\\\n",le="0.1"} 1 # {trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"} 0.05 1520879607.789
workflow_run_duration_seconds_bucket{tenant_id="acme",workflow_id="ful\\"fil\\\\\\n",le="1.0"} 3 # {trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"} 0.5 1520879607.789
workflow_run_duration_seconds_bucket{tenant_id="acme",workflow_id="ful\\"fil\\\\\\n",le="10.0"} 3
workflow_run_duration_seconds_bucket{tenant_id="acme",workflow_id="ful\\"fil\\\\\\n",le="+Inf"} 4 # {trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"} 60 1520879607.789
workflow_run_duration_seconds_sum{tenant_id="acme",workflow_id="ful\\"fil\\\\\\n"} 61.5
workflow_run_duration_seconds_count{tenant_id="acme",workflow_id="ful\\"fil\\\\\\n"} 4
# EOF
`
    )
    const [family] = parse(text(runs))
    assert.strictEqual(family?.help, runs.description)
    assert.strictEqual(family?.samples[0]?.labels["workflow_id"], 'ful"fil\\\n')
  })

  it("as plain text for older readers have neither examples nor an end", () => {
    const plain = OpenMetrics.format(
      [
        runs,
        {
          ...described,
          kind: "counter",
          name: "jobs",
          description: 'a "job"',
          points: [{ labels: {}, exemplars: [example(1)], value: 1 }]
        }
      ],
      "prometheus"
    )
    assert.notMatch(plain, /EOF|UNIT| # \{/)
    assert.match(plain, /^# TYPE jobs_total counter\n# HELP jobs_total a "job"\njobs_total 1$/m)
    assert.match(plain, /^workflow_run_duration_seconds_bucket\{.*le="\+Inf"\} 4$/m)
  })

  it("count in totals, and what can shrink is a gauge", () => {
    const point = { labels: {}, exemplars: [example(1)], value: 3 }
    assert.strictEqual(
      text(
        { ...described, kind: "counter", name: "requests_total", points: [point] },
        { ...described, kind: "upDownCounter", name: "balance", points: [point] },
        { ...described, kind: "counter", name: "read", unit: "By", points: [{ ...point, value: 12n, exemplars: [] }] },
        { ...described, kind: "counter", name: "broken", points: [{ ...point, value: NaN }] }
      ),
      `# TYPE requests counter
requests_total 3 # {trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"} 1 1520879607.789
# TYPE balance gauge
balance 3
# TYPE read_bytes counter
# UNIT read_bytes bytes
read_bytes_total 12
# TYPE broken counter
# EOF
`
    )
  })

  it("never collide: the first of two names that come out alike is written, labels that do are joined", () => {
    const point = (labels: Readonly<Record<string, string>>) => ({ labels, exemplars: [], value: 1 })
    const written = text(
      { ...described, kind: "gauge", name: "a.b", points: [point({ "x.y": "1", "x/y": "2" }), point({ x_y: "1;2" })] },
      { ...described, kind: "counter", name: "a_b", points: [point({})] },
      { ...described, kind: "gauge", name: "1st", points: [point({ le: "no bound", "0": "digit" })] }
    )
    parse(written)
    assert.strictEqual(
      written,
      `# TYPE a_b gauge\na_b{x_y="1;2"} 1\n# TYPE _1st gauge\n_1st{_0="digit",le="no bound"} 1\n# EOF\n`
    )
  })

  it("leave out a sum that may decrease", () => {
    const [point] = runs.points as readonly [HistogramPoint]
    const families = parse(text({ ...runs, points: [{ ...point, bounds: [-1, 0, 1], min: -5, exemplars: [] }] }))
    assert.deepStrictEqual(
      [...new Set(families[0]?.samples.map(({ name }) => name))],
      ["workflow_run_duration_seconds_bucket"]
    )
  })

  it("are read by an independent parser whatever the program's names, labels and numbers are", () => {
    const anyText = fc.string({ unit: "binary", maxLength: 12 })
    const labels = fc.dictionary(anyText, anyText, { maxKeys: 4 })
    const exemplars = fc.array(fc.double({ noNaN: true }).map(example), { maxLength: 3 })
    const number = fc.oneof(fc.double(), fc.bigInt())
    const total = fc.oneof(fc.double({ min: 0 }), fc.bigInt({ min: 0n }))
    const name = fc.oneof(anyText, fc.constantFrom("a", "a_total", "a_count", "a.b", "a_b", "a_bucket"))
    const base = { name, description: anyText, unit: fc.oneof(anyText, fc.constantFrom("s", "By", "{span}", "1")) }
    const numberPoint = (value: fc.Arbitrary<number | bigint>) => fc.record({ labels, exemplars, value })
    const histogramPoint = fc
      .record({
        labels,
        bounds: fc.uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }), { maxLength: 5 }),
        sum: fc.double(),
        min: fc.double({ noNaN: true }),
        exemplars
      })
      .map((point) => ({
        ...point,
        bounds: [...new Set(point.bounds.map((bound) => bound + 0))].toSorted((a, b) => a - b)
      }))
      .chain((point) =>
        fc
          .array(fc.nat(1000), { minLength: point.bounds.length + 1, maxLength: point.bounds.length + 1 })
          .map((counts) => ({ ...point, counts, max: 1, count: counts.reduce((sum, count) => sum + count) }))
      )
    const reading = fc.oneof(
      fc.record({ ...base, kind: fc.constant("counter"), points: fc.array(numberPoint(total), { maxLength: 3 }) }),
      fc.record({
        ...base,
        kind: fc.constantFrom("gauge", "upDownCounter"),
        points: fc.array(numberPoint(number), { maxLength: 3 })
      }),
      fc.record({ ...base, kind: fc.constant("histogram"), points: fc.array(histogramPoint, { maxLength: 3 }) }),
      fc.record({
        ...base,
        kind: fc.constant("summary"),
        points: fc.array(
          fc.record({
            labels,
            exemplars: fc.constant([]),
            quantiles: fc.constant([
              [0.5, 1],
              [1, 2]
            ]),
            count: fc.nat(),
            sum: fc.double({ min: 0 })
          }),
          { maxLength: 3 }
        )
      })
    ) as fc.Arbitrary<MetricReading>
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 6 }), (readings) => void parse(text(...readings))),
      { numRuns: 500 }
    )
  })
})

describe("the format", () => {
  it.each([
    [undefined, "prometheus"],
    ["*/*", "prometheus"],
    ["text/plain", "prometheus"],
    ["application/openmetrics-text; version=1.0.0", "openmetrics"],
    ["application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", "openmetrics"],
    ["text/plain;q=0.9, application/openmetrics-text;q=0.5", "prometheus"],
    ["APPLICATION/OPENMETRICS-TEXT", "openmetrics"],
    ["application/openmetrics-text;q=0", "prometheus"],
    ["application/openmetrics-text;q=high", "prometheus"],
    [",;,", "prometheus"]
  ] as const)("for a reader that accepts %s is %s", (accept, format) => {
    assert.strictEqual(OpenMetricsFormat.negotiated(accept), format)
  })
})
