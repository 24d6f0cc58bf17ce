import { assert, describe, it } from "@effect/vitest"
import { temporaryDirectory } from "@roost/testkit"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { registry } from "./support/InProcess.ts"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

/** Runs `roost` whose reader leaves before the first byte, and gives its code and what it still told. */
const runUnread = async (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv) => {
  // Node warns of it beside NO_COLOR.
  const { FORCE_COLOR: _, ...inherited } = process.env
  const child = spawn(process.execPath, [main, ...args], { env: { ...inherited, ...env } })
  child.stdout.destroy()
  child.stdin.end()
  let told = ""
  child.stderr.on("data", (text) => (told += String(text)))
  const [code] = (await once(child, "exit")) as [number | null]
  return { code, told }
}

describe("a program whose reader left", () => {
  it.live("ends without a word: with 0 where it only tells, with 1 where something is not done", () =>
    Effect.gen(function* () {
      const line = (n: number) =>
        `{"_tag":"Imported","line":${n},"assetId":"x","productKey":"p","deviceKey":"${n}","deviceSecret":"a-secret-${n}"}`
      const { url } = yield* registry(({ url }) => ({
        status: 200,
        body: url.endsWith(":import")
          ? [line(1), line(2), '{"_tag":"Done","imported":2,"refused":0}'].join("\n")
          : '{"products":[{"productKey":"p","productName":"P"}]}'
      }))
      const folder = yield* temporaryDirectory
      writeFileSync(join(folder, "devices"), "1\n2\n")
      const env = { ROOST_API_TOKEN: "a-token-of-a-test", XDG_CONFIG_HOME: folder, NO_COLOR: "1" }
      const roost = (...args: ReadonlyArray<string>) => Effect.promise(() => runUnread([...args, "--url", url], env))
      const quiet = { code: 0, told: "" }
      assert.deepStrictEqual(yield* roost("products", "ls", "--output", "json"), quiet)
      assert.deepStrictEqual(yield* roost("--help"), quiet)
      assert.deepStrictEqual(yield* roost("import", "p", join(folder, "devices")), { code: 1, told: "" })
      // Programs of their own, behind the same word.
      for (const tool of ["device", "loadtest"]) {
        assert.deepStrictEqual(yield* Effect.promise(() => runUnread([tool, "--help"], env)), quiet)
      }
    }).pipe(Effect.scoped)
  )
})
