import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    // One line of counts per project for .ci/run, besides the ordinary report.
    reporters: ["default", "./tools/dev/src/CountingReporter.ts"],
    include: ["**/test/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    // How long a hang may last, not how fast a machine has to be: with load 30 on two cores a start of five processes takes a minute.
    testTimeout: 240_000,
    hookTimeout: 300_000,
    maxWorkers: 2
  }
})
