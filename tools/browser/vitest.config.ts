import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    root: import.meta.dirname,
    reporters: ["verbose", "../dev/src/CountingReporter.ts"],
    include: ["scenarios/*.test.ts"],
    // One Roost and one browser for all of them, in the order in which they are written.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 240_000
  }
})
