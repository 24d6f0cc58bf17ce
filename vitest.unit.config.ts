import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"
import { unitTestsOf } from "./tools/dev/src/unitTests.ts"

/** `npm run test:unit`: what needs neither processes nor the network, all projects in one run. */
export default defineConfig({
  test: {
    include: [...unitTestsOf(fileURLToPath(new URL(".", import.meta.url)))],
    setupFiles: ["./tools/dev/src/refuseOutside.ts"],
    testTimeout: 240_000,
    maxWorkers: 2
  }
})
