/**
 * docs/spans.md, made from the catalogues in src/model; `npm run docs` writes it.
 */
import * as AttributeCatalogue from "../src/model/AttributeCatalogue.ts"
import * as SpanCatalogue from "../src/model/SpanCatalogue.ts"

export const file = new URL("../docs/spans.md", import.meta.url)

const introduction = `# Spans and attributes

<!-- Written by scripts/spans-doc.ts from src/model. Do not edit. -->

Names and keys are part of the public surface: they change only with a major version. A name says what kind of thing
happened; which one it was is an attribute, so that there are few names.

* [Spans of the platform](#spans-of-the-platform), of [HTTP](#spans-of-http), and [others](#other-spans)
* [Attributes of the platform](#attributes-of-the-platform), of [endings](#how-a-span-ended), of [HTTP](#attributes-of-http), of [messages](#attributes-of-messages), of [tracing itself](#attributes-of-tracing-itself), of [log lines](#attributes-of-log-lines), of [the process](#attributes-of-the-process)
* [What a span can hold](#what-a-span-can-hold)
`

const ofHttp = `## Spans of HTTP

| Name | Kind | Opened by | It tells |
|---|---|---|---|
| \`GET /orders/:id\`: method and route; \`GET\` where no route answered | server | \`TracedServer\` | A request is answered. An error is a status of 500 or more. |
| \`GET /users/{id}\`: method and template; \`GET\` without one | client | \`TracedClient\` | A request is sent. An error is a status of 400 or more, and no answer at all. |

The attributes are those of [HTTP](#attributes-of-http). \`TRACING_ATTRIBUTE_PROFILE=semconv\` leaves the platform's old keys out.

## Other spans

\`Traced.span\`, \`Effect.withSpan\` and \`Effect.fn\` open spans with names and attributes of your own. \`Traced.event\` puts
events on the current span; \`Traced.recordError\`, and a failure, put the event \`exception\`.
`

const limits = `## What a span can hold

Give it anything: text, numbers, truth values and lists of one kind arrive as they are; objects, maps, sets, dates and
errors as text, JSON in looks. What a value is made of is read, not run: getters, \`toJSON\`, iterators and proxies are named
and not called. (The record of attributes itself is read like any object. \`Traced\` and OpenTelemetry's API turn a getter
that throws there into \`[unreadable]\`; \`Effect.withSpan\` and \`Effect.annotateCurrentSpan\` read it before any tracer does,
and fail.) All lengths are in characters, and a pair of surrogates is never cut in two:

| of | at most | what is beyond |
|---|---|---|
| one text | 16,384, or \`OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT\` | cut |
| an object | 8,192, 5 levels, 100 entries each | cut |
| a list of one kind | 1,000 entries | cut |
| a name, a key, a status message | 1,024, 1,024, 4,096 | cut, dropped and counted, cut |
| attributes, events, links | 128 each, or \`OTEL_*_COUNT_LIMIT\` | dropped and counted |
| all text of a span, its events and links | 1,048,576: less than the 4 MiB that collectors take | dropped and counted |
`

const row = (...cells: ReadonlyArray<string>): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`

const code = (texts: ReadonlyArray<string>): string => texts.map((text) => `\`${text}\``).join(", ")

const spans = (): string =>
  [
    "## Spans of the platform",
    "",
    row("Name", "Kind", "Opened by", "It tells", "Attributes"),
    "|---|---|---|---|---|",
    ...Object.entries(SpanCatalogue.spans).map(([name, { attributes, by, kind, tells }]) =>
      row(code([name]), kind, code(by.split(", ")), tells, code(attributes))
    ),
    "",
    `Beside these, ${code(SpanCatalogue.inherited)} are on every span below \`Traced.workflow\`, ${code(
      SpanCatalogue.endings
    )} on those that did not succeed, and chosen entries of the baggage (\`TRACING_BAGGAGE_ATTRIBUTES\`) on all.`,
    ""
  ].join("\n")

const attributes = (heading: string, entries: Readonly<Record<string, AttributeCatalogue.AttributeEntry>>): string =>
  [
    `## ${heading}`,
    "",
    row("Key", "Value", "What it stands for"),
    "|---|---|---|",
    ...Object.entries(entries).map(([key, { says, type }]) =>
      row(code([key.endsWith(".") ? `${key}<name>` : key]), type, says)
    ),
    ""
  ].join("\n")

export const render = (): string =>
  [
    introduction,
    spans(),
    ofHttp,
    attributes("Attributes of the platform", AttributeCatalogue.platform),
    attributes("How a span ended", AttributeCatalogue.endings),
    attributes("Attributes of HTTP", AttributeCatalogue.http),
    attributes("Attributes of messages", AttributeCatalogue.messaging),
    attributes("Attributes of tracing itself", AttributeCatalogue.tracing),
    attributes("Attributes of log lines", AttributeCatalogue.logs),
    attributes("Attributes of the process", AttributeCatalogue.resource),
    limits
  ].join("\n")
