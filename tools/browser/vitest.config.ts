import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

// As in the other tests: the apps, and the registry once more, start in half of the CPU time.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("../../node_modules/.cache/roost/compile", import.meta.url))

export default defineConfig({
  test: {
    root: import.meta.dirname,
    reporters: ["verbose", "../dev/src/CountingReporter.ts"],
    include: ["scenarios/*.test.ts"],
    // One Roost and one browser for all of them, in the order in which they are written.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 240_000
  }
})
