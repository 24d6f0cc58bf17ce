import { defineConfig } from "vitest/config"

/** `npm run test:observe`: traces over all services, and every metric that is named anywhere, of real processes. `npm test` does not run them. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["observe/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 1
  }
})
