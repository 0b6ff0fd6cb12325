/**
 * Writes the surface of every entry point to api/, where a review sees it change; `--check` compares instead.
 *
 * API Extractor reads the declarations that the build would publish, with a compiler of its own: the native TypeScript
 * that builds them has no API for tools yet. Only the reports are used, no roll-up: dist keeps one file per noun.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor"

const root = fileURLToPath(new URL("..", import.meta.url))
const check = process.argv.includes("--check")
const declarations = join(root, ".cache", "types")
const committed = join(root, "api")
const generated = join(root, ".cache", "api")

const run = (command, args) =>
  spawnSync(command, args, { cwd: root, encoding: "utf8", shell: process.platform === "win32" })

rmSync(declarations, { recursive: true, force: true })
const built = run("tsc", [
  "-p",
  "tsconfig.build.json",
  "--emitDeclarationOnly",
  "--pretty",
  "false",
  "--outDir",
  declarations
])
if (built.status !== 0) {
  console.error(
    `src does not compile yet (\`npx tsc -b\` says more): ${(built.stdout + built.stderr).split("\n", 1)[0]}`
  )
  process.exit(1)
}

const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const entries = Object.entries(exports).flatMap(([name, target]) =>
  typeof target === "string"
    ? []
    : [
        {
          report: `${name === "." ? "index" : name.slice(2)}.api.md`,
          types: target.types.replace("./dist", declarations)
        }
      ]
)

const configOf = ({ report, types }) =>
  ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, "package.json"),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: types,
      newlineKind: "lf",
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: "es2024",
            module: "nodenext",
            lib: ["es2024", "esnext.disposable"],
            types: ["node"],
            strict: true,
            exactOptionalPropertyTypes: true,
            skipLibCheck: true
          },
          files: [types]
        }
      },
      apiReport: {
        enabled: true,
        includeForgottenExports: true,
        reportFileName: report,
        reportFolder: generated,
        reportTempFolder: join(generated, "temp")
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        // The report is what we want; release tags and TSDoc dialect are not our custom
        extractorMessageReporting: { default: { logLevel: "none" } },
        tsdocMessageReporting: { default: { logLevel: "none" } },
        compilerMessageReporting: { default: { logLevel: "error" } }
      }
    }
  })

rmSync(generated, { recursive: true, force: true })
mkdirSync(generated, { recursive: true })
mkdirSync(committed, { recursive: true })

const complaints = entries
  .filter(({ types }) => !existsSync(types))
  .map(({ types }) => `The export map promises ${types.replace(declarations, "dist")}, which src does not build.`)

const configs = entries.filter(({ types }) => existsSync(types)).map(configOf)
if (configs.length > 0) {
  const [first, ...others] = configs
  // One compilation for all entry points
  const compilerState = CompilerState.create(first, {
    additionalEntryPoints: others.map((config) => config.mainEntryPointFilePath)
  })
  for (const config of configs) {
    Extractor.invoke(config, {
      compilerState,
      localBuild: true,
      messageCallback: (message) => {
        message.handled = true
        if (message.logLevel === ExtractorLogLevel.Error) complaints.push(message.formatMessageWithLocation(root))
      }
    })
  }
}
if (complaints.length > 0) {
  console.error(complaints.join("\n"))
  process.exit(1)
}

const reports = (folder) => readdirSync(folder).filter((file) => file.endsWith(".api.md"))
const read = (folder, file) => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8") : undefined)
const changed = [...new Set([...reports(committed), ...reports(generated)])].filter(
  (file) => read(committed, file) !== read(generated, file)
)

for (const file of changed) {
  if (check) {
    console.error(`api/${file} does not say what the code says.`)
    if (existsSync(join(committed, file)) && existsSync(join(generated, file))) {
      const diff = run("git", ["diff", "--no-index", "--unified=1", join("api", file), join(".cache", "api", file)])
      console.error((diff.stdout ?? "").split("\n").slice(4, 84).join("\n"))
    }
  } else {
    const text = read(generated, file)
    if (text === undefined) rmSync(join(committed, file))
    else writeFileSync(join(committed, file), text)
    console.log(`api/${file} ${text === undefined ? "removed" : "written"}`)
  }
}
if (check && changed.length > 0) process.exitCode = 1
