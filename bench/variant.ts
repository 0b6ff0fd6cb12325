/** Measures one variant in a process of its own and prints its figures. */
import type { HotPath } from "./HotPath.ts"

const [pathName, variantName] = process.argv.slice(2) as [string, string]
try {
  const { path } = (await import(`./${pathName}.ts`)) as { readonly path: HotPath }
  const figures = await path.variants[variantName]!()
  process.stdout.write(`\n${JSON.stringify(figures)}`, () => process.exit(0))
} catch (error) {
  // An assertion shows whole batches: its first lines say enough
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  console.error(`${pathName} ${variantName}: ${text.split("\n").slice(0, 20).join("\n")}`)
  process.exit(1)
}
