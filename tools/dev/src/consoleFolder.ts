import { resolve } from "node:path"
import { buildConsole } from "./ConsoleBuild.ts"

// `node tools/dev/src/consoleFolder.ts`: builds the console if its files changed, and says where it is.

const { done, folder } = buildConsole(resolve(import.meta.dirname, "../../.."), "awaited")
const fault = await done
if (fault === undefined) process.stdout.write(`${folder}\n`)
else {
  process.stderr.write(`the console can't be built: ${fault}\n`)
  process.exitCode = 1
}
