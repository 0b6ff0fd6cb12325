/**
 * Adds up the JSON reports of vitest in a folder: `node scripts/tally.mjs FOLDER [FAILED STEP ...]`.
 *
 * A test file that did not load counts as one failure, and so does a failed step whose reports show none: "0 failed"
 * is only ever said when nothing failed.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const [folder, ...failedSteps] = process.argv.slice(2)
let passed = 0
let failed = 0
let skipped = 0

for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  const report = JSON.parse(readFileSync(join(folder, file), "utf8"))
  passed += report.numPassedTests
  failed += report.numFailedTests
  skipped += report.numPendingTests + report.numTodoTests
  for (const { assertionResults, status } of report.testResults) {
    if (status === "failed" && !assertionResults.some((result) => result.status === "failed")) failed += 1
  }
}

const tests = failedSteps.filter((step) => step.includes("test"))
failed += failedSteps.length - tests.length
if (tests.length > 0 && failed === 0) failed = tests.length

for (const step of failedSteps) console.log(`failed: ${step}`)
if (skipped > 0) console.log(`${skipped} skipped`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
