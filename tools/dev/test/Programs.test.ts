import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { cacheFolder, type Checkout, findPrograms } from "../src/Programs.ts"

describe("the programs of npm start", () => {
  let checkout: Checkout<"app">
  const write = (file: string, text: string) => writeFileSync(join(checkout.root, file), text)
  const run = () => execFileSync(process.execPath, [findPrograms(checkout).files.app], { encoding: "utf8" })

  beforeEach(() => {
    checkout = { root: mkdtempSync(join(tmpdir(), "roost-programs-")), sources: { app: "main.ts" } }
    write("main.ts", 'import { word } from "./word.ts"\nconsole.log(word)')
    write("word.ts", 'export const word: string = "one"')
  })
  afterEach(() => rmSync(checkout.root, { recursive: true, force: true }))

  it("are bundles, made once, and anew when a source has another content, whatever its time and size", () => {
    assert.strictEqual(run(), "one\n")
    const { env, files, whySources } = findPrograms(checkout)
    const first = files.app
    assert.isUndefined(whySources)
    assert.isTrue(
      first.startsWith(cacheFolder(checkout.root)) && env["NODE_COMPILE_CACHE"]!.startsWith(cacheFolder(checkout.root))
    )
    const madeAt = statSync(first).mtimeMs
    const { mtime } = statSync(join(checkout.root, "word.ts"))
    write("word.ts", 'export const word: string = "two"')
    utimesSync(join(checkout.root, "word.ts"), mtime, mtime)
    assert.strictEqual(run(), "two\n")
    write("word.ts", 'export const word: string = "one"')
    assert.strictEqual(run(), "one\n")
    assert.deepStrictEqual([findPrograms(checkout).files.app, statSync(first).mtimeMs], [first, madeAt])
    assert.isEmpty(readdirSync(cacheFolder(checkout.root)).filter((name) => name.startsWith("making-")))
  })

  it("are the sources where no bundle can be kept, with the reason", () => {
    mkdirSync(join(checkout.root, "node_modules"))
    write("node_modules/.cache", "a file")
    const { env, files, whySources } = findPrograms(checkout)
    assert.deepStrictEqual([files.app, env], [join(checkout.root, "main.ts"), {}])
    assert.match(whySources ?? "", /^\S+node_modules\/\.cache\/roost can't be written \(\w+\)$/)
  })

  it("are the sources where one is no program, which says why when it runs", () => {
    write("word.ts", "export const word = ")
    const { files, whySources } = findPrograms(checkout)
    assert.strictEqual(files.app, join(checkout.root, "main.ts"))
    assert.match(whySources ?? "", /word\.ts:1:\d+/)
  })
})
