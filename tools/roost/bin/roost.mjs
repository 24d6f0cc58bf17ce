#!/usr/bin/env node
// Roost's TypeScript runs on the Node that `npm ci` brings (`node_modules/.bin/node`). Whichever Node starts this hands over to it.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import * as modules from "node:module"
import { fileURLToPath } from "node:url"

const nodeMajorMin = 26
const main = new URL("../src/main.ts", import.meta.url)

if (Number(process.versions.node.split(".")[0]) >= nodeMajorMin) {
  // What was compiled is kept between runs: the second one starts in half the time.
  modules.enableCompileCache?.()
  await import(main.href)
} else {
  const node = fileURLToPath(new URL("../../../node_modules/.bin/node", import.meta.url))
  if (existsSync(node)) {
    const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" })
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
    child.on("exit", (code, signal) => {
      if (signal !== null) process.removeAllListeners(signal)
      if (signal === null) process.exitCode = code ?? 1
      else process.kill(process.pid, signal)
    })
  } else {
    process.stderr.write(
      `roost: Node ${process.versions.node} runs this, ${nodeMajorMin} or newer is expected, and ${node} is not there; run npm ci in the repository\n`
    )
    process.exitCode = 2
  }
}
