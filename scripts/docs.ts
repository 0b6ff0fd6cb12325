/**
 * Writes the pages that are made from code; `--check` compares instead.
 */
import * as fs from "node:fs"
import * as Api from "./api-doc.ts"
import * as Configuration from "./configuration-doc.ts"
import * as Spans from "./spans-doc.ts"

const isCheck = process.argv.includes("--check")

for (const { file, render } of [Api, Configuration, Spans]) {
  const name = `docs/${file.pathname.split("/").at(-1)}`
  const text = render()
  if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === text) continue
  if (isCheck) {
    console.error(`${name} does not say what the code says.`)
    process.exitCode = 1
  } else {
    fs.writeFileSync(file, text)
    console.log(`${name} written`)
  }
}
