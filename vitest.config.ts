import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    // One line of counts per project for .ci/run, besides the ordinary report.
    reporters: ["default", "./tools/dev/src/CountingReporter.ts"],
    include: ["**/test/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    // Real nats-server and third-party processes share two cores with the tests that drive them.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2
  }
})
