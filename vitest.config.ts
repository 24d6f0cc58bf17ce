import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["**/test/**/*.test.ts"],
    exclude: ["**/node_modules/**"],
    // Real nats-server and third-party processes share two cores with the tests that drive them.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2
  }
})
