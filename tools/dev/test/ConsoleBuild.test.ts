import { assert, describe, it } from "@effect/vitest"
import { temporaryDirectory } from "@roost/testkit"
import { Effect } from "effect"
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { buildConsole, consoleKey } from "../src/ConsoleBuild.ts"

/** A checkout whose bundler runs `script`, and knows as `out` where it has to build. */
const checkout = (root: string, script: string): string => {
  for (const folder of ["apps/console/src", "apps/console/public", "apps/console/build", "node_modules/vite/bin"]) {
    mkdirSync(join(root, folder), { recursive: true })
  }
  for (const file of ["index.html", "vite.config.ts", "package.json", "src/main.tsx"]) {
    writeFileSync(join(root, "apps/console", file), file)
  }
  writeFileSync(join(root, "package-lock.json"), "{}")
  writeFileSync(join(root, "node_modules/vite/package.json"), '{ "type": "module" }')
  writeFileSync(
    join(root, "node_modules/vite/bin/vite.js"),
    `import { mkdirSync, writeFileSync } from "node:fs"\nconst out = process.env.ROOST_CONSOLE_OUT\n${script}`
  )
  return root
}

const building = 'mkdirSync(out, { recursive: true }); writeFileSync(`${out}/index.html`, "built")'

describe("the console of npm start", () => {
  it.live("is built once for each content, whatever the times of its files", () =>
    Effect.gen(function* () {
      const root = checkout(yield* temporaryDirectory, building)
      const first = buildConsole(root)
      assert.isUndefined(yield* Effect.promise(() => first.done))
      assert.isTrue(existsSync(join(first.folder, "index.html")))

      writeFileSync(join(root, "node_modules/vite/bin/vite.js"), "process.exit(1)")
      utimesSync(join(root, "apps/console/src/main.tsx"), new Date(), new Date(0))
      const second = buildConsole(root)
      assert.strictEqual(second.folder, first.folder)
      assert.isUndefined(yield* Effect.promise(() => second.done))

      const key = consoleKey(root)
      writeFileSync(join(root, "apps/console/src/main.tsx"), "changed")
      assert.notStrictEqual(consoleKey(root), key)
      assert.deepStrictEqual(readdirSync(join(root, "node_modules/.cache/roost")), [`console-${key}`])
    })
  )

  it.live("says why it can't be built", () =>
    Effect.gen(function* () {
      const root = checkout(
        yield* temporaryDirectory,
        'process.stderr.write("no such file: x\\n    at y\\n"); process.exit(1)'
      )
      const { done, folder } = buildConsole(root)
      assert.strictEqual(yield* Effect.promise(() => done), "no such file: x")
      assert.isFalse(existsSync(folder))
      const empty = buildConsole(yield* temporaryDirectory)
      assert.match((yield* Effect.promise(() => empty.done)) ?? "", /ENOENT/)
    })
  )
})
