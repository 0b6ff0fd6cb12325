import { defineConfig } from "vitest/config"

// A developer's own settings do not decide whether the tests pass.
for (const key of Object.keys(process.env)) if (/^(TRACING|OTEL)_/.test(key)) delete process.env[key]

// Tests import `@gorax/tracing` by name; this private condition of the export map leads them to src.
const conditions = ["@gorax/source", "node", "development|production"]

/**
 * `fast` is what you run while you work (`npm test -- --project fast`). `slow` are the tests that start processes.
 * Those that need PostgreSQL or Redis have a configuration of their own in test/integration.
 */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  cacheDir: ".cache/vite",
  test: {
    // What a test logs is shown when it fails
    silent: "passed-only",
    projects: [
      {
        extends: true,
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.slow.test.ts", "test/integration/**"],
          testTimeout: 60_000
        }
      },
      {
        extends: true,
        test: {
          name: "slow",
          include: ["test/**/*.slow.test.ts"],
          exclude: ["test/integration/**"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // One file at a time: they start several processes each, and some of them measure time.
          fileParallelism: false
        }
      }
    ]
  }
})
