import { defineConfig } from "vite"

/** Builds viewer/page to where `@gorax/tracing/viewer` serves it from. No names with hashes: nothing is cached. */
export default defineConfig({
  root: `${import.meta.dirname}/page`,
  base: "./",
  cacheDir: `${import.meta.dirname}/../.cache/vite`,
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: `${import.meta.dirname}/../dist/viewer/page`,
    emptyOutDir: true,
    target: "es2023",
    modulePreload: false,
    rolldownOptions: {
      output: { entryFileNames: "page.js", assetFileNames: "page[extname]", codeSplitting: false }
    }
  }
})
