import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

// Every worker, and every process that a test starts, compiles the same modules: by it an app starts in half of the CPU time.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/roost/compile", import.meta.url))

export default defineConfig({
  test: {
    // One line of counts per project for .ci/run, besides the ordinary report.
    reporters: ["default", "./tools/dev/src/CountingReporter.ts"],
    include: ["**/test/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    // How long a hang may last, not how fast a machine has to be. With load 30 on two cores a start of five processes takes a minute.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    // A worker of its own for each file costs more than most files: it loads Effect each time.
    isolate: false,
    maxWorkers: 2
  }
})
