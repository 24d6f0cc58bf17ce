import { answerFirst } from "@roost/observability"
import { spawnSync } from "node:child_process"
import { resolve } from "node:path"
import { parseArgs } from "node:util"
import { findChromium } from "./Chromium.ts"

const usage = `npm run test:browser -- [--if-found] [--pictures]
The console in Chromium, against a Roost of its own.
  --if-found    says that nothing was run where there is no Chromium, and brings none.
                With ROOST_TEST_ELSEWHERE=browser nothing at all: another step of the same run does
  --pictures    makes the pictures of docs/console.md anew
`

const root = resolve(import.meta.dirname, "../../..")

const main = (): number => {
  const flags = ["--if-found", "--pictures"]
  const answered = answerFirst({ name: "npm run test:browser", usage, flags })
  if (answered !== undefined) return answered
  const { values } = parseArgs({
    options: {
      "if-found": { type: "boolean", default: false },
      pictures: { type: "boolean", default: false }
    }
  })
  if (values["if-found"] && process.env["ROOST_TEST_ELSEWHERE"] === "browser") return 0
  if (!values["if-found"]) run(["tools/dev/src/bootstrap.ts", "--for", "browser"])
  const chromium = findChromium()
  if (chromium === undefined) {
    const said =
      "test:browser: the console was not tried, there is no Chromium (apt-get install chromium fonts-noto-cjk)"
    process.stdout.write(`${said}\n`)
    return values["if-found"] ? 0 : 1
  }
  const built = run(["tools/dev/src/consoleFolder.ts"], "pipe")
  if (built.status !== 0) return 1
  const { status } = run(
    ["node_modules/vitest/vitest.mjs", "run", "--config", "tools/browser/vitest.config.ts"],
    "inherit",
    {
      ROOST_CONSOLE_DIR: built.stdout.trim(),
      ROOST_TEST_CHROMIUM: chromium,
      ...(values.pictures ? { ROOST_TEST_PICTURES: resolve(root, "docs/console") } : {})
    }
  )
  return status ?? 1
}

const run = (
  args: ReadonlyArray<string>,
  stdout: "inherit" | "pipe" = "inherit",
  env: Readonly<Record<string, string>> = {}
) =>
  spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ["ignore", stdout, "inherit"],
    encoding: "utf8",
    env: { ...process.env, ...env }
  })

process.exitCode = main()
