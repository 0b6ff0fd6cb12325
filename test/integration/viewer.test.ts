/**
 * The viewer's page in a real browser, used as people use it.
 *
 * `npm run test:integration -- test/integration/viewer.test.ts`; with `SCREENSHOTS=docs/images` it also takes the
 * pictures of the README.
 */
import { assert, describe, it } from "@effect/vitest"
import axe from "axe-core"
import { Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import * as path from "node:path"
import { gzipSync } from "node:zlib"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, vi } from "vitest"
import { Viewer } from "../../src/viewer/index.ts"
import * as ViewerPage from "../../src/viewer/ViewerPage.ts"
import { large } from "../viewer/forests.ts"
import { log, order, type SpanLine, span, spanId, traceId } from "../viewer/traces.ts"

const executablePath = process.env["TEST_CHROMIUM"] ?? ""
const screenshots = process.env["SCREENSHOTS"]

/** An order that was shipped. */
const fulfilled = (trace: number) =>
  (
    [
      { id: 1, name: "POST /api/v1/workflows/:id/execute", kind: "server", to: 12 },
      { id: 2, parent: 1, name: "workflow.execute", from: 1, to: 900, attributes: { workflow_id: "fulfil-order" } },
      { id: 3, parent: 2, name: "workflow.step.execute", from: 2, to: 300, attributes: { node_id: "charge-card" } },
      { id: 4, parent: 2, name: "workflow.step.execute", from: 310, to: 880, attributes: { node_id: "ship" } }
    ] satisfies ReadonlyArray<SpanLine>
  ).map((line) => span({ ...line, trace }))

const refused = (trace: number) =>
  fulfilled(trace).map((one) =>
    one.spanId.endsWith("4") ? { ...one, statusCode: "error" as const, statusMessage: "no boat to the islands" } : one
  )

let browser: Browser
let context: BrowserContext
let viewer: Viewer.Viewer["Service"]
let close: () => Promise<void>
const said: Array<string> = []

const open = async (hash = ""): Promise<Page> => {
  const page = await context.newPage()
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") said.push(message.text())
  })
  page.on("pageerror", (error) => said.push(error.message))
  await page.goto(`${viewer.url}/${hash}`)
  return page
}

const add = (spans: Parameters<typeof viewer.store.add>[0]) => Effect.runPromise(viewer.store.add(spans))
const addLogs = (logs: Parameters<typeof viewer.store.addLogs>[0]) => Effect.runPromise(viewer.store.addLogs(logs))
const clear = () => Effect.runPromise(viewer.store.clear())

/** Waits until the page says so. */
const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor()

/** Waits until this is so in the page. As text: what runs there knows the DOM, and this file does not. */
const holds = (page: Page, expression: string) =>
  vi.waitUntil(() => page.evaluate<boolean>(expression), { timeout: 30_000, interval: 20 })

describe.skipIf(executablePath === "")("the viewer's page", () => {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: "light" })
    await context.grantPermissions(["clipboard-read", "clipboard-write"])
    let end = (): void => undefined
    const ended = new Promise<void>((resolve) => (end = resolve))
    const started = Promise.withResolvers<Viewer.Viewer["Service"]>()
    const running = Effect.runPromise(
      Effect.flatMap(Viewer.Viewer, (service) => {
        started.resolve(service)
        return Effect.promise(() => ended)
      }).pipe(Effect.provide(Viewer.layer({ port: 0, store: { maxSpans: 300_000 } }).pipe(Layer.orDie)))
    )
    viewer = await Promise.race([started.promise, running.then(() => started.promise)])
    close = async () => {
      end()
      await running
    }
  })
  afterAll(async () => {
    await browser?.close()
    await close?.()
  })

  it("lists traces as they arrive, finds them, and opens one at the reason it failed", async () => {
    await clear()
    const page = await open()
    await sees(page, "No traces yet")
    await add(fulfilled(2))
    await add(order)
    await sees(page, "line #0: ShipmentRefused: the carrier does not ship to islands")
    assert.strictEqual(await page.locator(".line").count(), 2)
    await page.getByRole("searchbox").fill("islands service:worker")
    await holds(page, "document.querySelectorAll('.line').length === 1")
    assert.match(page.url(), /q=islands\+service%3Aworker/)
    await page.getByRole("link", { name: /fulfil-order/ }).click()
    await sees(page, "Attributes")
    assert.strictEqual(
      await page.getByRole("treeitem", { selected: true }).getAttribute("aria-label"),
      "workflow.loop.iteration line #0, 707ms, failed: ShipmentRefused"
    )
    // Where the time went sums to the wall time
    assert.deepStrictEqual(await page.locator(".legend strong").allTextContents(), ["1.02s", "24ms", "201ms"])
    await page.close()
  })

  it("keeps the list still while it is read, and says how many are new", async () => {
    await clear()
    await add(fulfilled(2))
    const page = await open()
    await sees(page, "fulfil-order")
    await page.keyboard.press("j")
    await add(refused(3))
    await sees(page, "1 new (n)")
    assert.strictEqual(await page.locator(".line").count(), 1)
    await page.keyboard.press("n")
    await holds(page, "document.querySelectorAll('.line').length === 2")
    await page.close()
  })

  it("shows an open trace growing, and leaves the selection where it is", async () => {
    await clear()
    await add(fulfilled(2).slice(0, 3))
    const page = await open(`#/trace/${traceId(2)}`)
    await page.getByRole("treeitem", { name: /charge-card/ }).click()
    await add(fulfilled(2).slice(3))
    await page.getByRole("treeitem", { name: /ship/ }).waitFor()
    await page.getByRole("treeitem", { name: /charge-card/, selected: true }).waitFor()
    await page.close()
  })

  it("is used by keyboard alone", async () => {
    await clear()
    await add(fulfilled(2))
    await add(order)
    const page = await open()
    await sees(page, "fulfil-order")
    const selected = () => page.getByRole("treeitem", { selected: true }).getAttribute("aria-label")
    await page.keyboard.press("?")
    await page.getByRole("dialog").waitFor()
    await page.keyboard.press("Escape")
    await page.getByRole("dialog").waitFor({ state: "detached" })
    await page.keyboard.press("e")
    await page.keyboard.press("Enter")
    await sees(page, "Attributes")
    await page.keyboard.press("e")
    assert.match((await selected())!, /^queue\.process_message/)
    await page.keyboard.press("E")
    assert.match((await selected())!, /line #0/)
    await page.keyboard.press("/")
    await page.keyboard.type("node_id=charge-card")
    await page.keyboard.press("Enter")
    await sees(page, "1 of 2 hits")
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    assert.match((await selected())!, /charge-card #2/)
    await page.keyboard.press("k")
    assert.match((await selected())!, /charge-card #1/)
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await page.getByRole("treeitem", { name: /receipt/, expanded: false }).waitFor()
    assert.strictEqual(await page.getByRole("treeitem").count(), order.length - 2)
    await page.keyboard.press("f")
    await holds(page, "document.querySelectorAll('.row').length === 1")
    await page.keyboard.press("Escape")
    await page.keyboard.press("z")
    await page.keyboard.press("2")
    await page.getByRole("region", { name: "Flame graph" }).waitFor()
    await page.keyboard.press("3")
    await page.getByRole("button", { name: "charge-card" }).first().waitFor()
    await page.keyboard.press("4")
    await sees(page, "Nothing was logged in this trace")
    await page.keyboard.press("Escape")
    await page.locator(".line").first().waitFor()
    await page.close()
  })

  it("shows log lines and events in time order, live, by level and words; each opens its span", async () => {
    await clear()
    const [first, ...others] = fulfilled(2)
    const paid = { name: "paid", time: first!.startTime + 200_000_000n, attributes: {}, droppedAttributes: 0 }
    await add([{ ...first!, events: [paid] }, ...others])
    await addLogs([
      log({
        trace: 2,
        in: 4,
        at: 400,
        level: "warn",
        text: "<b>the boat</b> is late",
        attributes: { boat: "Ada", key: "s3cret" }
      }),
      log({ trace: 2, in: 3, at: 100, level: "debug", text: "charging" })
    ])
    const page = await open(`#/trace/${traceId(2)}?view=logs`)
    const said = () => page.locator(".logs li").allTextContents()
    await sees(page, "<b>the boat</b> is late")
    assert.deepStrictEqual(await said(), [
      "+100msDEBUGcharge-cardcharging",
      "+200msPOST /api/v1/workflows/:id/executepaid",
      "+400msWARNship<b>the boat</b> is late▸ 2 attributes"
    ])
    await page.getByRole("button", { name: "2 attributes" }).click()
    await sees(page, "s3cret")
    assert.deepStrictEqual((await said()).slice(3), ["boat Ada", "key s3cret"])
    // It grows while it is looked at, and what is unfolded stays so
    await addLogs([log({ trace: 2, in: 4, at: 500, level: "error", text: "sunk" })])
    await sees(page, "sunk")
    await page.getByRole("button", { name: "2 attributes", expanded: true }).waitFor()
    await page.getByRole("combobox", { name: "Least level" }).selectOption("warn")
    await sees(page, "2 of 4 lines")
    await page.getByRole("searchbox", { name: "Filter lines" }).fill("SUNK")
    await sees(page, "1 of 4 lines")
    assert.match(page.url(), /level=warn&line=SUNK/)
    await page.getByRole("button", { name: "ship" }).first().click()
    await page.getByRole("heading", { name: "ship" }).waitFor()
    assert.match(page.url(), new RegExp(`span=${spanId(4)}`))
    const detail = page.getByRole("complementary", { name: "Span" })
    assert.deepStrictEqual(await detail.locator(".said").allTextContents(), ["<b>the boat</b> is late", "sunk"])
    await page.reload()
    await sees(page, "1 of 4 lines")
    await page.close()
  })

  it("shows a hundred thousand log lines with no more rows than the screen has", async () => {
    await clear()
    await add(fulfilled(2))
    await addLogs(Array.from({ length: 100_000 }, (_, at) => log({ trace: 2, in: 4, at, text: `line ${at}` })))
    const page = await open(`#/trace/${traceId(2)}?view=logs`)
    await sees(page, "100,000 lines")
    assert.isBelow(await page.locator(".logs li").count(), 80)
    await page.evaluate("document.querySelector('.logs .scroll').scrollTo(0, 1e9)")
    await sees(page, "line 99999")
    await page.close()
  })

  it("names the step at which two traces part", async () => {
    await clear()
    await add(fulfilled(2))
    await add(refused(3))
    const page = await open(`#/trace/${traceId(3)}`)
    await page.getByRole("combobox", { name: /Compare/ }).selectOption(traceId(2))
    await sees(
      page,
      /They part at ship: in the first it went well, in 570ms; in the second it failed: no boat to the islands/
    )
    await page.goto(`${viewer.url}/#/`)
    await page.getByRole("button", { name: "Compare" }).nth(1).click()
    await page.getByRole("button", { name: "Compare with the chosen one" }).click()
    await sees(page, /They part at/)
    await page.close()
  })

  it("copies a span as JSON and the trace as a test, shows links that open, and treats text as text", async () => {
    await clear()
    const linked = {
      ...span({
        id: 1,
        trace: 5,
        name: "<img src=x onerror=alert(1)>",
        attributes: { note: "<b>bold</b>", key: "REDACTED" }
      }),
      links: [
        {
          span: {
            _tag: "ExternalSpan" as const,
            traceId: traceId(1),
            spanId: order[3]!.spanId,
            sampled: true,
            annotations: {} as never
          },
          attributes: {}
        }
      ]
    }
    await add([linked, ...order])
    const page = await open(`#/trace/${traceId(5)}`)
    await sees(page, "<b>bold</b>")
    await sees(page, "1 value masked before it left its process.")
    await page.getByRole("button", { name: "Copy JSON" }).click()
    await sees(page, "Copied")
    const clipboard = () => page.evaluate<string>("navigator.clipboard.readText()")
    assert.deepInclude(JSON.parse(await clipboard()), { name: linked.name, traceId: traceId(5) })
    await page.getByRole("button", { name: "Copy test" }).click()
    await holds(page, "navigator.clipboard.readText().then((text) => text.includes('SpanTree.draw'))")
    await page.getByRole("link", { name: /^trace 00000000…/ }).click()
    await page.getByRole("treeitem", { name: /fulfil-order/, selected: true }).waitFor()
    await page.close()
  })

  it(
    "opens a trace of 100,000 spans within 15 seconds, with no more rows than the screen has",
    { timeout: 120_000 },
    async () => {
      await clear()
      await add(large(100_000))
      const page = await open()
      await sees(page, "100,000 spans")
      const started = performance.now()
      await page.getByRole("link", { name: /large/ }).click()
      await page.getByRole("treeitem", { selected: true }).waitFor({ timeout: 60_000 })
      const took = performance.now() - started
      console.log(`100,000 spans: open after ${Math.round(took)} ms`)
      assert.isBelow(took, 15_000)
      assert.isBelow(await page.getByRole("treeitem").count(), 60)
      // It opened where it failed, far down
      await sees(page, "the needle")
      const stepped = performance.now()
      await page.keyboard.press("End")
      await holds(page, "document.querySelector('[aria-selected=true]')?.getAttribute('aria-posinset') === '100000'")
      assert.isBelow(performance.now() - stepped, 3000)
      await page.close()
    }
  )

  it("has a name for everything and enough contrast, dark and light, on a desk and on a phone; and asks nobody but its server", async () => {
    await clear()
    await add(fulfilled(2))
    await add(refused(3))
    await add(order)
    await addLogs([
      log({ in: 10, at: 130, level: "warn", text: "the bank said no", attributes: { attempt: 1 } }),
      log({ in: 12, at: 700, level: "error", text: "no boat to the islands" }),
      log({ in: 99, at: 30, level: "debug", text: "of a span that is not here" }),
      log({ in: 4, at: 32, text: "fulfilling" })
    ])
    const page = await open()
    const elsewhere: Array<string> = []
    page.on("request", (request) => {
      if (!request.url().startsWith(viewer.url)) elsewhere.push(request.url())
    })
    const check = async (what: string): Promise<void> => {
      await page.evaluate(`${axe.source}; undefined`)
      const { violations } = await page.evaluate<axe.AxeResults>(
        `axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"] })`
      )
      const found = violations.map(({ id, nodes }) => `${what}: ${id}: ${nodes[0]?.html}`)
      assert.deepStrictEqual(found, [])
      const [scroll, width] = await page.evaluate<[number, number]>(
        "[document.documentElement.scrollWidth, innerWidth]"
      )
      assert.isAtMost(scroll, width, `${what} is wider than the screen`)
    }
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme })
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 800 })
        for (const [hash, text] of [
          ["#/", "line #0: ShipmentRefused"],
          [`#/trace/${traceId(1)}`, "Attributes"],
          [`#/trace/${traceId(1)}?view=flame`, "Attributes"],
          [`#/trace/${traceId(1)}?view=table`, "Median"],
          [`#/trace/${traceId(1)}?view=logs`, "the bank said no"],
          [`#/compare/${traceId(2)}/${traceId(3)}`, "They part at"]
        ] as const) {
          await page.goto(`${viewer.url}/${hash}`)
          await sees(page, text)
          await check(`${hash} ${colorScheme} ${width}`)
        }
      }
    }
    assert.deepStrictEqual(elsewhere, [])
    if (screenshots !== undefined) {
      await page.setViewportSize({ width: 1280, height: 720 })
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme })
        await page.goto(`${viewer.url}/#/trace/${traceId(1)}`)
        await sees(page, "Attributes")
        await page.screenshot({ path: path.join(screenshots, `viewer-${colorScheme}.png`) })
      }
    }
    await page.close()
  })

  it("is small: 34 kB of script and style, compressed", () => {
    const folder = ViewerPage.folder()!
    const size = ["page.js", "page.css"].reduce((sum, name) => sum + gzipSync(readFileSync(folder + name)).length, 0)
    assert.isBelow(size, 34 * 1024)
  })

  it("logged no error and broke no rule of its policy in all of this", () => assert.deepStrictEqual(said, []))
})
