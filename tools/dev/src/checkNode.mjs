// The end of `npm ci`: the Node that runs Roost is the npm package `node-{platform}`, made by a third party. The lock file pins that
// package; this compares the program in it with the sum that the repository keeps. The Node that runs npm runs this too (20 or newer,
// $npm_node_execpath): in a script of npm, `node` is node_modules/.bin/node, which would judge itself.
import { createHash } from "node:crypto"
import { existsSync, readFileSync, realpathSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = process.argv[2] ?? fileURLToPath(new URL("../../../", import.meta.url))
const sums = JSON.parse(readFileSync(new URL("./nodeSums.json", import.meta.url), "utf8"))
const name = `node-${process.platform}-${process.arch}`
const program = `${root}/node_modules/${name}/bin/node`

const fail = (message) => {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

if (existsSync(program)) {
  const { version } = JSON.parse(readFileSync(`${root}/node_modules/${name}/package.json`, "utf8"))
  const expected = sums[`${name}@${version}`]
  const got = createHash("sha256").update(readFileSync(program)).digest("hex")
  if (expected === undefined)
    fail(`${name}@${version}: tools/dev/src/nodeSums.json has no sum of its bin/node, which has ${got}`)
  if (got !== expected)
    fail(`${program} has the SHA-256 ${got}, expected ${expected}: it is not the Node that Roost was tested with`)
  const command = `${root}/node_modules/.bin/node`
  if (existsSync(command) && realpathSync(command) !== realpathSync(program))
    fail(`${command} is ${realpathSync(command)}, expected ${program}: another package brings a command of that name`)
}
