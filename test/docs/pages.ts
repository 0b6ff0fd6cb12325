import { readdirSync } from "node:fs"

/** Every page that people read, from the folder of the repository. */
export const pages: ReadonlyArray<string> = [
  "README.md",
  ...readdirSync("docs", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file.replaceAll("\\", "/")}`)
    .sort()
]
