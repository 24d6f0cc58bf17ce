import { defineConfig } from "vitest/config"

/** The scenarios of `npm run interop`. They take a JDK, Go, gcc and Rust, so `npm test` does not run them. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["scenarios/**/*.test.ts"],
    reporters: ["default", "../dev/src/CountingReporter.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 1
  }
})
