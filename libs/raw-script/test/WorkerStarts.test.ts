import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { type Conversion, ScriptPool } from "../src/index.ts"
import { relaunchMillis, relaunchMillisMax } from "../src/ScriptPool.ts"

let directory = ""
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "roost-worker-"))
})
afterAll(() => rmSync(directory, { recursive: true }))

describe("a worker that can't load", () => {
  it("is started ever less often, and soon again once one had answered (trust item 6)", () => {
    assert.deepStrictEqual([0, 1, 2, 3, 4].map(relaunchMillis), [100, 100, 200, 400, 800])
    assert.strictEqual(relaunchMillis(20), relaunchMillisMax)
  })

  it.each([
    ["is not there", undefined, /Cannot find module/],
    ["throws", "throw new Error('no WebAssembly beside it')", /no WebAssembly beside it/]
  ])("because its file %s, keeps nobody waiting and says why (trust item 6)", async (what, source, why) => {
    const file = join(directory, `${what}.mjs`)
    if (source !== undefined) writeFileSync(file, source)
    const pool = new ScriptPool({ workerUrl: pathToFileURL(file) })
    try {
      // Many more than workers: those that wait must not take one start each.
      const answers = Array.from({ length: 200 }, (_, i) => {
        const { promise, resolve } = Promise.withResolvers<Conversion>()
        pool.convert({ productKey: `pk${i % 3}`, version: 1, source: "" }, "up", new Uint8Array(1), resolve)
        return promise
      })
      for (const answer of await Promise.all(answers)) {
        assert(answer._tag === "Failed")
        assert.match(answer.reason, /Crashed|Suspended/)
      }
      const { promise, resolve } = Promise.withResolvers<Conversion>()
      pool.check({ productKey: "later", version: 1, source: "" }, resolve)
      const checked = await promise
      assert(checked._tag === "Failed")
      assert.strictEqual(checked.reason, "Crashed")
      assert.match(checked.message, why)
    } finally {
      await pool.close()
    }
  })
})
