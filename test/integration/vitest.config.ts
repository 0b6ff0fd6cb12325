import { defineConfig } from "vitest/config"

const conditions = ["@gorax/source", "node", "development|production"]

/** Tests against real servers. `npm run test:integration` starts what they need and says what it could not. */
export default defineConfig({
  root: new URL("../..", import.meta.url).pathname,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  cacheDir: ".cache/vite",
  test: {
    name: "integration",
    silent: "passed-only",
    include: ["test/integration/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    passWithNoTests: true
  }
})
