import { defineConfig } from "vitest/config"

/** `npm run test:sinks`: sinks under kills and restarts, and a real MQTT broker. Minutes, and Debian's `mosquitto`; `npm test` does not run them. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["sinks/**/*.test.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 1
  }
})
