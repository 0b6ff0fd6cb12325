import { assert, describe, it } from "@effect/vitest"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as SpoolOwner from "../../src/pipeline/SpoolOwner.ts"

const minute = 60_000
const now = 0

/** The parts of an owner's name, with some of them changed. */
const changed = (change: (parts: Array<string>) => void): string => {
  const parts = SpoolOwner.make().split("-")
  change(parts)
  return parts.join("-")
}

describe("the owner of a folder", () => {
  it("is this process, and no other spool of it", () => {
    assert.isTrue(SpoolOwner.isAlive(SpoolOwner.make(), now))
    assert.notStrictEqual(SpoolOwner.make(), SpoolOwner.make())
  })

  it("is gone when its process is", () => {
    const { pid } = spawnSync(process.execPath, ["--version"])
    assert.isFalse(
      SpoolOwner.isAlive(
        changed((parts) => (parts[0] = String(pid))),
        now
      )
    )
  })

  it.runIf(process.platform === "linux")("is gone when its number belongs to a process that began later", () => {
    const owner = changed((parts) => (parts[1] = String(Number(parts[1]) - 1)))
    assert.isFalse(SpoolOwner.isAlive(owner, now))
  })

  it.runIf(process.platform === "linux")("is alive while its process is, however long it was busy", () => {
    assert.isTrue(SpoolOwner.isAlive(SpoolOwner.make(), 60 * minute))
  })

  it("is believed to be alive in another container or on another machine while it gives signs of life", () => {
    const elsewhere = changed((parts) => (parts[2] = "0".repeat(12)))
    assert.isTrue(SpoolOwner.isAlive(elsewhere, SpoolOwner.heartbeat))
    assert.isFalse(SpoolOwner.isAlive(elsewhere, 2 * minute))
  })

  it("is believed by its signs of life where the system does not say when a process began", () => {
    const unknown = changed((parts) => (parts[1] = "unknown"))
    assert.isTrue(SpoolOwner.isAlive(unknown, SpoolOwner.heartbeat))
    assert.isFalse(SpoolOwner.isAlive(unknown, 2 * minute))
    assert.isFalse(SpoolOwner.isAlive(unknown.replace(/^\d+/, "4194305"), now))
  })

  it.runIf(process.platform === "linux")(
    "is gone when it is dead, though nobody has asked for its exit code yet",
    async () => {
      // What `exec` puts into the place of the shell does not know that it has a child
      const parent = spawn("sh", ["-c", "sleep 60 & echo $!; exec sleep 60"])
      const [said] = (await once(parent.stdout, "data")) as [Buffer]
      const pid = Number(said)
      const fields = () => fs.readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ")
      const owner = changed((parts) => {
        parts[0] = String(pid)
        parts[1] = fields()[19]!
      })
      assert.isTrue(SpoolOwner.isAlive(owner, now))
      process.kill(pid, "SIGKILL")
      while (fields()[0] !== "Z") await new Promise((resolve) => setTimeout(resolve, 10))
      assert.isFalse(SpoolOwner.isAlive(owner, now))
      parent.kill()
    }
  )

  it("is nobody where it was let go, or was never one of ours", () => {
    for (const owner of [SpoolOwner.nobody, "", "1", "1-2-3", "x-y-z-w"]) {
      assert.isFalse(SpoolOwner.isAlive(owner, now), owner)
    }
  })
})
