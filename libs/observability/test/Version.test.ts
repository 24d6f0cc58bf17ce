import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

const fixture = fileURLToPath(new URL("./fixtures/app.ts", import.meta.url))
const ask = (argument: string) => spawnSync(process.execPath, [fixture, argument], { encoding: "utf8" })

it("an app says its version, and what it takes, without any configuration", () => {
  expect(ask("--version")).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^roost \d+\.\d+\.\d+, Node v\d+/)
  })
  expect(ask("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("environment variables") })
})
