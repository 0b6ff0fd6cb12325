import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Logger, Redacted, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as SpanBooks from "../../src/model/SpanBooks.ts"
import type { SpanData } from "../../src/model/SpanData.ts"
import type { LeftOut, SpanExporter } from "../../src/model/SpanExporter.ts"
import { ExportError } from "../../src/model/TracingError.ts"
import * as Destinations from "../../src/pipeline/Destinations.ts"
import * as Spool from "../../src/pipeline/Spool.ts"
import type { SpoolCodec } from "../../src/pipeline/SpoolCodec.ts"
import * as SpoolFiles from "../../src/pipeline/SpoolFiles.ts"

/** Spans are their names here. */
const span = (name: string): SpanData => ({ name }) as SpanData
const codec: SpoolCodec = {
  encode: ({ name }) => (name === "unreadable" ? undefined : Buffer.from(name)),
  decode: (bytes) => span(Buffer.from(bytes).toString())
}

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-spool-"))),
  (name) => Effect.sync(() => fs.rmSync(name, { recursive: true, force: true }))
)

const away = new ExportError({ reason: "Unreachable", endpoint: "nowhere", advice: "Wait.", retryable: true })
const refusal = new ExportError({ reason: "Rejected", endpoint: "nowhere", advice: "Try elsewhere." })

type Answer = Effect.Effect<LeftOut | void, ExportError>

/** A destination that does what it is told, and remembers what it took. */
const destination = () => {
  const taken: Array<string> = []
  const it: { answer: Answer } & { readonly taken: Array<string>; readonly exporter: SpanExporter } = {
    answer: Effect.void,
    taken,
    exporter: {
      export: (spans) =>
        Effect.suspend(() => it.answer).pipe(
          Effect.tap(() => Effect.sync(() => void taken.push(...spans.map(({ name }) => name))))
        )
    }
  }
  return it
}

interface Options extends Partial<Spool.SpoolOptions> {
  readonly batchSize?: number
}

/** A process with a spool: until its scope is closed, or for ever, as if it was killed. */
const process_ = Effect.fnUntraced(function* (
  directory: string,
  exporters: SpanExporter | ReadonlyArray<SpanExporter>,
  options: Options = {}
) {
  const scope = yield* Scope.make()
  const books = SpanBooks.make()
  const spool = yield* Spool.make({
    directory,
    codec,
    books,
    maxBytes: 4_000_000,
    maxAge: "1 hour",
    segmentBytes: 1000,
    sync: "none",
    window: { spans: 1000, bytes: 10_000_000 },
    ...options
  }).pipe(Scope.provide(scope))
  const destinations = [exporters].flat().map((exporter, at) => ({ name: `number ${at}`, exporter }))
  const batching = yield* Destinations.make(destinations, {
    keep: spool.keep,
    onFate: spool.onFate,
    queueSize: Infinity,
    queueBytes: Infinity,
    batchSize: options.batchSize ?? 4,
    concurrency: 1,
    drop: "newest",
    interval: 5,
    exportTimeout: "1 hour",
    shutdownTimeout: "50 millis",
    books
  }).pipe(Scope.provide(scope))
  const sink = yield* spool.stage(batching).pipe(Scope.provide(scope))
  return {
    books,
    flush: sink.flush,
    push: (...names: ReadonlyArray<string>) => {
      for (const name of names) {
        books.ended++
        sink.push(span(name))
      }
    },
    close: Scope.close(scope, Exit.void)
  }
})

const names = (count: number, prefix = "s"): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, at) => `${prefix}${String(at).padStart(4, "0")}`)

const filesIn = (directory: string): ReadonlyArray<string> =>
  fs.readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => /\.(spans|acks)$/.test(name))

const until = (condition: () => boolean) =>
  Effect.sleep("5 millis").pipe(
    Effect.repeat({ until: () => condition() }),
    Effect.timeoutOrElse({ duration: "10 seconds", orElse: () => Effect.die(new Error("it did not come to that")) })
  )

const isBalanced = (books: SpanBooks.SpanBooks, inFlight: number): void => {
  assert.strictEqual(SpanBooks.inFlight(books), inFlight)
  assert.isAtLeast(books.onDisk, 0)
  assert.isAtMost(books.onDisk, inFlight)
}

const warnings: Array<string> = []
const logs = Logger.layer([
  Logger.make(({ logLevel, message }) => {
    warnings.push(`${logLevel} ${String(message)}`)
  })
])
const heard = (): ReadonlyArray<string> => warnings.splice(0)

describe("Spool", () => {
  it.live("what has arrived is forgotten: nothing is left in the folder", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const to = destination()
      const one = yield* process_(directory, to.exporter)
      one.push(...names(100))
      assert.isAbove(filesIn(directory).length, 1)
      yield* one.flush
      assert.deepStrictEqual(to.taken, names(100))
      assert.deepStrictEqual(filesIn(directory), [])
      isBalanced(one.books, 0)
      yield* one.close
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    }).pipe(Effect.provide(logs))
  )

  it.live("files are for their owner's eyes alone", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* folder, "deep", "spool")
      const one = yield* process_(directory, { export: () => Effect.never })
      one.push("a")
      const [file] = filesIn(directory)
      assert.strictEqual(fs.statSync(path.join(directory, file!)).mode & 0o777, 0o600)
      for (const name of [directory, path.join(directory, path.dirname(file!))]) {
        assert.strictEqual(fs.statSync(name).mode & 0o777, 0o700)
      }
      yield* one.close
    }).pipe(Effect.provide(logs))
  )

  it.live("what a process leaves, the next one delivers: in order, and nothing that had arrived", () =>
    Effect.gen(function* () {
      heard()
      const directory = yield* folder
      const to = destination()
      let batches = 0
      const third: SpanExporter = {
        export: (spans) => (++batches > 3 ? Effect.never : to.exporter.export(spans))
      }
      const one = yield* process_(directory, third)
      one.push(...names(100))
      yield* until(() => batches === 4)
      isBalanced(one.books, 88)
      yield* one.close
      isBalanced(one.books, 88)
      assert.deepStrictEqual(one.books.dropped, new Map())
      assert.strictEqual(one.books.rejected, 0)
      assert.strictEqual(one.books.onDisk, 88)
      assert.deepStrictEqual(heard(), ["Info Tracing leaves 88 spans on disk for the next start."])

      const two = yield* process_(directory, to.exporter)
      yield* until(() => two.books.exported === 88)
      assert.deepStrictEqual(to.taken, names(100))
      assert.strictEqual(two.books.adopted, 88)
      isBalanced(two.books, 0)
      yield* two.close
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    }).pipe(Effect.provide(logs))
  )

  it.live("an outage that memory could not hold loses nothing, and the order is kept", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const to = destination()
      const back = yield* Deferred.make<void>()
      to.answer = Deferred.await(back)
      const one = yield* process_(directory, to.exporter, { window: { spans: 20, bytes: 1_000_000 } })
      one.push(...names(1000))
      yield* Effect.sleep("20 millis")
      assert.strictEqual(one.books.onDisk, 980)
      isBalanced(one.books, 1000)
      one.push(...names(50, "t"))
      const flushing = yield* Effect.forkChild(one.flush, { startImmediately: true })
      yield* Deferred.succeed(back, undefined)
      assert.deepStrictEqual(yield* Fiber.join(flushing), { exported: 1050, left: 0 })
      assert.deepStrictEqual(to.taken, [...names(1000), ...names(50, "t")])
      isBalanced(one.books, 0)
      one.push("later")
      yield* one.flush
      assert.strictEqual(to.taken.at(-1), "later")
      yield* one.close
      assert.deepStrictEqual(filesIn(directory), [])
    }).pipe(Effect.provide(logs))
  )

  it.effect("what was given up for now comes again, what was refused for good does not", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const to = destination()
      to.answer = Effect.fail(away)
      const one = yield* process_(directory, to.exporter)
      one.push("a", "b", "c")
      yield* TestClock.adjust("1 second")
      isBalanced(one.books, 3)
      to.answer = Effect.void
      yield* TestClock.adjust("6 seconds")
      assert.deepStrictEqual(to.taken, ["a", "b", "c"])
      for (const answer of [Effect.fail(refusal), Effect.die(new Error("poison"))]) {
        to.answer = answer
        one.push("d", "e")
        yield* TestClock.adjust("1 minute")
      }
      assert.deepInclude(one.books, { exported: 3, rejected: 4 })
      assert.deepStrictEqual(filesIn(directory), [])
      yield* one.close
    }).pipe(Effect.provide(logs))
  )

  it.effect(
    "of several destinations only those that gave it up get it again, and it is done when the last has it",
    () =>
      Effect.gen(function* () {
        const directory = yield* folder
        const [up, down] = [destination(), destination()]
        down.answer = Effect.fail(away)
        const one = yield* process_(directory, [up.exporter, down.exporter])
        one.push("a", "b", "c")
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual([up.taken.length, filesIn(directory).length], [3, 1])
        isBalanced(one.books, 3)
        down.answer = Effect.void
        yield* TestClock.adjust("6 seconds")
        assert.deepStrictEqual(
          [up.taken, down.taken],
          [
            ["a", "b", "c"],
            ["a", "b", "c"]
          ]
        )
        assert.deepInclude(one.books, { exported: 3, rejected: 0 })
        assert.deepStrictEqual(filesIn(directory), [])
        // A refusal for good by one of them is the end of it as well
        down.answer = Effect.fail(refusal)
        one.push("d")
        yield* TestClock.adjust("1 second")
        assert.deepInclude(one.books, { exported: 3, rejected: 1 })
        assert.deepStrictEqual(filesIn(directory), [])
        yield* one.close
      }).pipe(Effect.provide(logs))
  )

  it.live("what one of several destinations has not taken outlives the process, and goes to all of them again", () =>
    Effect.gen(function* () {
      heard()
      const directory = yield* folder
      const [up, down] = [destination(), destination()]
      down.answer = Effect.never
      const one = yield* process_(directory, [up.exporter, down.exporter])
      one.push(...names(6))
      yield* until(() => up.taken.length === 6)
      yield* one.close
      assert.deepInclude(one.books, { exported: 0, rejected: 0, onDisk: 6 })
      assert.deepStrictEqual(heard(), ["Info Tracing leaves 6 spans on disk for the next start."])
      down.answer = Effect.void
      const next = yield* process_(directory, [up.exporter, down.exporter])
      yield* until(() => next.books.exported === 6)
      assert.deepStrictEqual([up.taken, down.taken], [[...names(6), ...names(6)], names(6)])
      isBalanced(next.books, 0)
      yield* next.close
      assert.deepStrictEqual(filesIn(directory), [])
    }).pipe(Effect.provide(logs))
  )

  it.live("more than it may take costs the oldest, which is counted and said", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const to = destination()
      const back = yield* Deferred.make<void>()
      to.answer = Deferred.await(back)
      const one = yield* process_(directory, to.exporter, { maxBytes: 4000, window: { spans: 1, bytes: 1_000_000 } })
      one.push(...names(1000))
      const size = filesIn(directory).reduce((sum, name) => sum + fs.statSync(path.join(directory, name)).size, 0)
      assert.isAtMost(size, 4000)
      const lost = one.books.dropped.get("spool_full")!
      assert.isAbove(lost, 700)
      isBalanced(one.books, 1000 - lost)
      yield* Deferred.succeed(back, undefined)
      yield* one.flush
      // The first was in memory
      assert.deepStrictEqual(to.taken, [...names(1), ...names(1000).slice(lost + 1)])
      isBalanced(one.books, 0)
      yield* one.close
      assert.isTrue(heard().some((line) => line.includes("found the spool full")))
    }).pipe(Effect.provide(logs))
  )

  it.live("what is too old is not delivered any more, and counted", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const one = yield* process_(directory, { export: () => Effect.never })
      one.push(...names(40))
      yield* one.close
      const [oldest] = filesIn(directory).filter((name) => name.endsWith(".spans"))
      const longAgo = Date.now() / 1000 - 7200
      fs.utimesSync(path.join(directory, oldest!), longAgo, longAgo)
      const to = destination()
      const two = yield* process_(directory, to.exporter)
      yield* until(() => two.books.adopted === 40 && SpanBooks.inFlight(two.books) === 0)
      const expired = two.books.dropped.get("spool_expired")!
      assert.isAbove(expired, 10)
      assert.deepStrictEqual(to.taken, names(40).slice(expired))
      yield* two.close
    }).pipe(Effect.provide(logs))
  )

  it.live("of several who find what is left, one delivers it", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      for (const prefix of ["a", "b", "c", "d"]) {
        const one = yield* process_(directory, { export: () => Effect.never })
        one.push(...names(30, prefix))
        yield* one.close
      }
      const to = destination()
      const several = yield* Effect.forEach(names(5), () => process_(directory, to.exporter), {
        concurrency: "unbounded"
      })
      yield* until(() => to.taken.length >= 120)
      yield* Effect.forEach(several, ({ close }) => close)
      assert.sameMembers(
        to.taken,
        ["a", "b", "c", "d"].flatMap((prefix) => names(30, prefix))
      )
      assert.strictEqual(to.taken.length, 120)
    }).pipe(Effect.provide(logs))
  )

  it.live("nobody takes over what a living process is at work on", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const one = yield* process_(directory, { export: () => Effect.never })
      one.push(...names(10))
      const two = yield* process_(directory, { export: () => Effect.never })
      yield* Effect.sleep("50 millis")
      assert.strictEqual(two.books.adopted, 0)
      yield* two.close
      yield* one.close
      assert.strictEqual(filesIn(directory).filter((name) => name.endsWith(".spans")).length, 1)
    }).pipe(Effect.provide(logs))
  )

  it.effect("a full disk is one warning, spans go on in memory, and back to disk when there is room again", () =>
    Effect.gen(function* () {
      heard()
      const directory = yield* folder
      let full = false
      const files: SpoolFiles.SpoolFiles = {
        ...SpoolFiles.node,
        writeSync: ((fd: number, bytes: Buffer, offset: number, length: number) => {
          if (!full) return fs.writeSync(fd, bytes, offset, length)
          // A part may fit
          return fs.writeSync(fd, bytes, offset, Math.min(length, 7))
        }) as typeof fs.writeSync
      }
      const to = destination()
      const gate = yield* Deferred.make<void>()
      to.answer = Deferred.await(gate)
      const one = yield* process_(directory, to.exporter, { files, window: { spans: 6, bytes: 1_000_000 } })
      one.push("a", "b")
      full = true
      one.push("c", "d", "e", "f", "g", "h")
      assert.deepStrictEqual(one.books.dropped, new Map([["queue_full", 2]]))
      yield* TestClock.adjust("12 seconds")
      full = false
      yield* TestClock.adjust("6 seconds")
      one.push("i", "j")
      assert.strictEqual(one.books.onDisk, 2)
      yield* Deferred.succeed(gate, undefined)
      // They are read back from a real disk
      while (to.taken.length < 8) {
        yield* TestClock.adjust("1 second")
        yield* Effect.promise(() => new Promise(setImmediate))
      }
      assert.deepStrictEqual(to.taken, ["a", "b", "c", "d", "e", "f", "i", "j"])
      isBalanced(one.books, 0)
      assert.deepStrictEqual(
        heard().filter((line) => line.includes("spool")),
        [
          `Warn Tracing cannot write to its spool and keeps spans in memory alone: ENOSPC (TRACING_SPOOL_DIR, ${directory}).`,
          "Info Tracing writes to its spool again."
        ]
      )
      yield* one.close
      assert.deepStrictEqual(filesIn(directory), [])
    }).pipe(Effect.provide(logs))
  )

  it.effect("a disk that is read-only from the beginning stops no program", () =>
    Effect.gen(function* () {
      heard()
      const directory = path.join(yield* folder, "spool")
      const readOnly = () => {
        throw Object.assign(new Error("read-only"), { code: "EROFS" })
      }
      const to = destination()
      const one = yield* process_(directory, to.exporter, {
        files: { ...SpoolFiles.node, mkdirSync: readOnly, openSync: readOnly }
      })
      one.push("a", "unreadable")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(to.taken, ["a", "unreadable"])
      yield* one.close
      assert.strictEqual(heard().filter((line) => line.startsWith("Warn") && line.includes("EROFS")).length, 1)
    }).pipe(Effect.provide(logs))
  )

  it.live(
    "with a key nothing that a span says is on the disk, and another key reads nothing and destroys nothing",
    () =>
      Effect.gen(function* () {
        heard()
        const directory = yield* folder
        const key = Redacted.make(new Uint8Array(32).fill(7))
        const one = yield* process_(directory, { export: () => Effect.never }, { key })
        one.push("canary-1", "canary-2")
        yield* one.close
        for (const name of filesIn(directory)) {
          assert.notInclude(fs.readFileSync(path.join(directory, name), "latin1"), "canary")
        }
        const to = destination()
        for (const other of [undefined, Redacted.make(new Uint8Array(32).fill(8))]) {
          const two = yield* process_(directory, to.exporter, { key: other })
          yield* until(() => two.books.adopted === 2)
          assert.strictEqual(two.books.onDisk, 2)
          yield* two.close
          assert.deepStrictEqual(to.taken, [])
          assert.isTrue(heard().some((line) => line.includes("TRACING_SPOOL_KEY")))
        }
        const three = yield* process_(directory, to.exporter, { key })
        yield* until(() => to.taken.length === 2)
        yield* three.close
        assert.deepStrictEqual(to.taken, ["canary-1", "canary-2"])
        assert.deepStrictEqual(fs.readdirSync(directory), [])
      }).pipe(Effect.provide(logs))
  )

  it.live("damage on the disk costs what is damaged and is counted; the rest arrives", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const one = yield* process_(directory, { export: () => Effect.never }, { segmentBytes: 100_000 })
      one.push(...names(20))
      yield* one.close
      const [name] = filesIn(directory)
      const file = path.join(directory, name!)
      const bytes = fs.readFileSync(file)
      bytes[bytes.indexOf("s0005")]! ^= 1
      // The last one is torn
      fs.writeFileSync(file, bytes.subarray(0, -2))
      const to = destination()
      const two = yield* process_(directory, to.exporter, { segmentBytes: 100_000 })
      yield* until(() => to.taken.length === 18)
      assert.deepStrictEqual(
        to.taken,
        names(19).filter((name) => name !== "s0005")
      )
      assert.deepStrictEqual(two.books.dropped, new Map([["spool_damaged", 2]]))
      yield* two.flush
      isBalanced(two.books, 0)
      yield* two.close
      assert.deepStrictEqual(fs.readdirSync(directory), [])
    }).pipe(Effect.provide(logs))
  )

  it.live("a file that a newer version may have written is left alone", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const foreign = path.join(directory, "0mi2abcde-00ff00.free", "0000000000.spans")
      fs.mkdirSync(path.dirname(foreign))
      fs.writeFileSync(foreign, "GORAXSP2".padEnd(100))
      const to = destination()
      const one = yield* process_(directory, to.exporter)
      one.push("a")
      yield* one.flush
      yield* one.close
      assert.deepStrictEqual(to.taken, ["a"])
      assert.deepStrictEqual(filesIn(directory), ["0mi2abcde-00ff00.free/0000000000.spans"])
    }).pipe(Effect.provide(logs))
  )

  it.live("a folder that is not ours alone is refused, with what to do about it", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const failure = Effect.flip(process_(directory, destination().exporter))
      fs.chmodSync(directory, 0o777)
      assert.deepInclude(yield* failure, { reason: "OpenToOthers", found: "its mode is 777" })
      fs.chmodSync(directory, 0o720)
      assert.deepInclude(yield* failure, { reason: "OpenToOthers" })
      fs.chmodSync(directory, 0o700)
      if (process.getuid?.() === 0) {
        fs.chownSync(directory, 12_345, 12_345)
        assert.deepInclude(yield* failure, { reason: "NotOwned", found: "owned by user 12345, this is 0" })
      }
      const file = path.join(yield* folder, "file")
      fs.writeFileSync(file, "")
      assert.deepInclude(yield* Effect.flip(process_(file, destination().exporter)), { reason: "NotUsable" })
    }).pipe(Effect.provide(logs))
  )

  it.live("a folder that was deleted meanwhile is made again, and what was in memory arrives", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const to = destination()
      const back = yield* Deferred.make<void>()
      to.answer = Deferred.await(back)
      const one = yield* process_(directory, to.exporter)
      one.push(...names(10))
      fs.rmSync(directory, { recursive: true })
      one.push(...names(100, "t"))
      yield* Deferred.succeed(back, undefined)
      yield* one.flush
      assert.deepStrictEqual(to.taken, [...names(10), ...names(100, "t")])
      isBalanced(one.books, 0)
      yield* one.close
    }).pipe(Effect.provide(logs))
  )

  it.live("a flush while nobody takes anything comes to an end when the batch does, and says what is left", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const to = destination()
      to.answer = Effect.fail(away)
      const one = yield* process_(directory, to.exporter, { window: { spans: 4, bytes: 1_000_000 } })
      one.push(...names(10))
      const flushing = yield* Effect.forkChild(one.flush)
      assert.deepStrictEqual(yield* Fiber.join(flushing), { exported: 0, left: 10 })
      yield* one.close
    }).pipe(Effect.provide(logs))
  )

  it.live("a span that the disk did not confirm is delivered from memory, once", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      let confirms = true
      const files: SpoolFiles.SpoolFiles = {
        ...SpoolFiles.node,
        fdatasyncSync: () => {
          if (!confirms) throw Object.assign(new Error("input/output error"), { code: "EIO" })
        }
      }
      const to = destination()
      const gate = yield* Deferred.make<void>()
      to.answer = Deferred.await(gate)
      const one = yield* process_(directory, to.exporter, { sync: "each", files })
      one.push("a")
      confirms = false
      one.push("b", "c")
      yield* Deferred.succeed(gate, undefined)
      yield* one.flush
      yield* one.close
      const two = yield* process_(directory, to.exporter)
      yield* two.flush
      yield* Effect.sleep("50 millis")
      yield* two.close
      assert.deepStrictEqual(to.taken, ["a", "b", "c"])
      assert.strictEqual(two.books.adopted, 0)
    }).pipe(Effect.provide(logs))
  )

  for (const sync of ["interval", "each"] as const) {
    it.live(`spans arrive just the same with TRACING_SPOOL_SYNC=${sync}`, () =>
      Effect.gen(function* () {
        const directory = yield* folder
        let syncs = 0
        const files: SpoolFiles.SpoolFiles = {
          ...SpoolFiles.node,
          fdatasyncSync: (fd) => {
            syncs++
            fs.fdatasyncSync(fd)
          }
        }
        const to = destination()
        const one = yield* process_(directory, to.exporter, { sync, files })
        one.push(...names(20))
        assert.strictEqual(syncs, sync === "each" ? 20 : 0)
        yield* one.flush
        yield* one.close
        assert.deepStrictEqual(to.taken, names(20))
      }).pipe(Effect.provide(logs))
    )
  }
})
