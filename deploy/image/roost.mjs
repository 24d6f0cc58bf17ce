// The entry of the image: `udp-edge`, `session-actors`, `registry` and `downlink-queue` start that app. Its own arguments follow.
import { existsSync } from "node:fs"

const apps = ["udp-edge", "session-actors", "registry", "downlink-queue", "sinks"]
const name = process.argv[2]
const command = new URL("./roost/main.mjs", import.meta.url)

if (apps.includes(name)) {
  process.argv.splice(2, 1)
  await import(`./${name}/main.mjs`)
} else if (existsSync(command)) {
  await import(command.href)
} else {
  const asked = name === undefined || name === "--help" || name === "-h"
  const text = `roost APP [--config FILE] [--help | --version | --check | --print-config]\n  APP: ${apps.join(", ")}\n`
  if (asked) process.stdout.write(text)
  else process.stderr.write(`${name}: expected ${apps.join(", ")}\n${text}`)
  process.exitCode = asked ? 0 : 2
}
