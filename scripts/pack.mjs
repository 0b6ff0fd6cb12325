/**
 * Packs what would be published and looks at it as its users will: publint, are-the-types-wrong, and an import of every
 * entry point and a run of every command by plain Node, without the repository's own `@gorax/source` condition.
 *
 * That condition stays in the published export map on purpose: src is published beside dist (source maps and "go to
 * definition" lead there), so it resolves for whoever asks for it, and nobody else meets it.
 */
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
// Inside the repository, so that the packed package finds its dependencies in the repository's node_modules
const folder = join(root, ".cache", "pack")
const unpacked = join(folder, "node_modules", "@gorax", "tracing")

const run = (what, command, args, cwd = root) => {
  const { error, status, stderr, stdout } = spawnSync(command, args, { cwd, encoding: "utf8" })
  if (status === 0) return stdout.trim()
  console.error(`✗ ${what}\n\n${[stdout, stderr, error?.message].join("\n").trim()}`)
  process.exit(1)
}

rmSync(folder, { recursive: true, force: true })
mkdirSync(unpacked, { recursive: true })
run("build", "npm", ["run", "--silent", "build"])
const [{ entryCount, filename, unpackedSize }] = JSON.parse(
  run("npm pack", "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder])
)
const tarball = join(folder, filename)
run("tar", "tar", ["-xzf", tarball, "--strip-components=1", "-C", unpacked])

run("publint", "publint", ["run", tarball, "--strict"])
run("are the types wrong", "attw", [tarball, "--profile", "esm-only", "--no-emoji"])

if (!existsSync(join(unpacked, "dist", "viewer", "page", "index.html"))) {
  console.error("✗ the viewer's page is not in the package: `npm run build` builds it into dist/viewer/page")
  process.exit(1)
}

const { bin, exports, name, version } = JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8"))
const entries = Object.keys(exports).filter((entry) => !entry.endsWith(".json"))
for (const entry of entries) {
  const specifier = name + entry.slice(1)
  run(`import of ${specifier}`, "node", ["--input-type=module", "--eval", `await import("${specifier}")`], folder)
}
const commands = Object.entries(bin)
for (const [command, file] of commands) {
  // As npm will install it: a file that the system itself can start
  chmodSync(join(unpacked, file), 0o755)
  const said = run(`${command} --version`, join(unpacked, file), ["--version"], folder)
  if (said !== `${command} v${version}`) {
    console.error(`✗ ${command} --version says ${said}, and package.json ${version}`)
    process.exit(1)
  }
}
console.log(
  `✓ ${filename}: ${entryCount} files, ${Math.round(unpackedSize / 1024)} KiB, ${entries.length} entry points, ${commands.length} command`
)
