/**
 * Builds the viewer's page where it is missing or older than what it is made of; about a second. `--force` builds it anyway.
 *
 * Runs before `npm start`, so that a clean clone has the page; `npm run build` builds it into the package.
 */
import { existsSync, readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const built = join(root, "dist", "viewer", "page", "index.html")

const sources = ["viewer", "src/viewer", "src/model", "package-lock.json"].flatMap((name) => {
  const path = join(root, name)
  return statSync(path).isDirectory() ? readdirSync(path, { recursive: true }).map((file) => join(path, file)) : [path]
})

const changed = (file) => statSync(file).mtimeMs
if (process.argv.includes("--force") || !existsSync(built) || sources.some((file) => changed(file) > changed(built))) {
  try {
    const { build } = await import("vite")
    await build({ configFile: join(root, "viewer", "vite.config.ts") })
  } catch (error) {
    // Everything but the page works without it
    console.error(`The viewer's page could not be built: ${error.message.split("\n", 1)[0]}`)
    if (process.argv.includes("--force")) process.exitCode = 1
  }
}
