import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { SpoolDirectory } from "../../src/pipeline/SpoolDirectory.ts"
import * as SpoolFiles from "../../src/pipeline/SpoolFiles.ts"
import * as SpoolFolder from "../../src/pipeline/SpoolFolder.ts"
import * as SpoolInventory from "../../src/pipeline/SpoolInventory.ts"
import * as SpoolRemoval from "../../src/pipeline/SpoolRemoval.ts"
import { SpoolSegment } from "../../src/pipeline/SpoolSegment.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "gorax-spool-"))),
  (name) => Effect.sync(() => fs.rmSync(name, { recursive: true, force: true }))
)

const key = new Uint8Array(32).fill(7)
const now = 1_800_000_000_000

/** A file with ten spans, of which the first four have arrived. */
const write = (base: string, encryption?: Uint8Array): void => {
  const segment = SpoolSegment.create(SpoolFiles.node, base, encryption, now)
  for (let count = 0; count < 10; count++) segment.append(Buffer.from(`span ${count}`), false)
  segment.acknowledge([[0, 4]])
  segment.close(now)
}

const look = (directory: string) => SpoolInventory.read(directory, key, now)

const summary = ({ damaged, kind, path: file, records, waiting }: SpoolInventory.SpoolFile) =>
  `${path.basename(file)} ${kind} ${waiting} of ${records}, ${damaged} damaged`

describe("what is in a spool", () => {
  it.effect("is told file by file: what waits, what is done, what is damaged, and what cannot be read", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const own = new SpoolDirectory(directory, SpoolFiles.node).own(now)
      write(path.join(own, "0000000000"))
      write(path.join(own, "0000000001"), key)
      write(path.join(own, "0000000002"), new Uint8Array(32).fill(8))
      write(path.join(own, "0000000003"))
      const torn = path.join(own, "0000000003.spans")
      fs.truncateSync(torn, fs.statSync(torn).size - 1)
      fs.writeFileSync(path.join(own, "0000000004.spans"), "GORAXSP2".padEnd(100))
      fs.writeFileSync(path.join(own, "0000000005.spans"), "GORAXSP1".padEnd(100))
      fs.writeFileSync(path.join(own, "notes.txt"), "somebody's")
      fs.mkdirSync(path.join(directory, "something else"))
      const before = fs.readdirSync(directory, { recursive: true })

      const [holding, ...others] = yield* look(directory)
      assert.deepStrictEqual(others, [])
      assert.deepInclude(holding, { path: own, begun: now, owner: { pid: process.pid, here: true, alive: true } })
      assert.deepStrictEqual(holding!.files.map(summary), [
        "0000000000 plain 6 of 10, 0 damaged",
        "0000000001 encrypted 6 of 10, 0 damaged",
        "0000000002 locked 6 of 10, 0 damaged",
        "0000000003 plain 5 of 9, 1 damaged",
        "0000000004 unknown 0 of 0, 0 damaged",
        "0000000005 unreadable 0 of 0, 1 damaged"
      ])
      for (const { bytes, path: base } of holding!.files) {
        const sizes = [".spans", ".acks"].map((end) => fs.statSync(base + end, { throwIfNoEntry: false })?.size ?? 0)
        assert.strictEqual(bytes, sizes[0]! + sizes[1]!)
      }
      assert.deepStrictEqual(fs.readdirSync(directory, { recursive: true }), before)
    })
  )

  it.effect("is nothing where there is no folder, or nobody may look into it", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      assert.deepStrictEqual(yield* look(directory), [])
      assert.deepStrictEqual(yield* look(path.join(directory, "absent")), [])
    })
  )

  it.live("is deleted as far as it is as old as that, and nobody's who is alive", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const left = new SpoolDirectory(directory, SpoolFiles.node)
      const leftPath = left.own(now)
      for (const name of ["old", "young"]) write(path.join(leftPath, name))
      const long = Date.now() / 1000 - 7200
      fs.utimesSync(path.join(leftPath, "old.spans"), long, long)
      left.release()
      write(path.join(new SpoolDirectory(directory, SpoolFiles.node).own(now + 1), "living"))

      const removed = yield* SpoolRemoval.run(directory, Duration.hours(1), undefined)
      assert.deepStrictEqual(removed.map(summary), ["old plain 6 of 10, 0 damaged"])
      const holdings = yield* look(directory)
      assert.deepStrictEqual(
        holdings.map(({ files, owner }) => [owner.pid, ...files.map(({ path: file }) => path.basename(file))]),
        [
          [undefined, "young"],
          [process.pid, "living"]
        ]
      )
      yield* SpoolRemoval.run(directory, Duration.zero, undefined)
      assert.deepStrictEqual(
        SpoolFolder.list(directory).map(({ owner }) => owner.split("-")[0]),
        [String(process.pid)]
      )
    })
  )
})
