import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { eventually, isAlive, Program, SmallDisk } from "@roost/testkit"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { Children, restartMillis, restartMillisMax, startsAfter, startsMax, steadyMillis } from "../src/Children.ts"
import { diskProblem, freeBytesMin } from "../src/DiskCheck.ts"
import { takeLock } from "../src/InstanceLock.ts"
import { loadSecrets, secretsFile } from "../src/Secrets.ts"

let directory = ""
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "roost-dev-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const script = (name: string, code: string, onLine?: (line: string) => void) => ({
  name,
  command: process.execPath,
  args: () => ["-e", code],
  env: {},
  logFile: join(directory, `${name}.log`),
  ...(onLine === undefined ? {} : { onLine })
})

describe("Children", () => {
  it("keeps the output of a child in its log and shows it by line", async () => {
    const lines: Array<string> = []
    const children = new Children({ died: () => {} })
    children.start(script("talks", "console.log('one\\ntwo'); setInterval(() => {}, 1000)", (line) => lines.push(line)))
    await eventually(() => lines.length === 2)
    await children.stop()
    assert.deepStrictEqual(lines, ["one", "two"])
    assert.strictEqual(readFileSync(join(directory, "talks.log"), "utf8"), "one\ntwo\n")
  })

  it("starts a child again that died, with its last lines in the report", async () => {
    const deaths: Array<{ how: string; tail: ReadonlyArray<string>; again: boolean }> = []
    const children = new Children({
      died: (_name, how, tail, restartMillis) => deaths.push({ how, tail, again: restartMillis !== undefined })
    })
    children.start(script("dies", "console.error('why'); process.exitCode = 3"))
    children.proved("dies")
    await eventually(() => deaths.length === 2)
    await children.stop()
    assert.deepStrictEqual(deaths[0], { how: "exit code 3", tail: ["why"], again: true })
  })

  it("gives up on a child that never came up", async () => {
    const again: Array<boolean> = []
    const children = new Children({ died: (_name, _how, _tail, millis) => again.push(millis !== undefined) })
    children.start(script("never", "process.exitCode = 1"))
    await eventually(() => again.length === startsMax)
    assert.deepStrictEqual(again, [true, true, false])
    await children.stop()
  })

  it("ends every child, the bus after the others have ended", async () => {
    const lines: Array<string> = []
    const children = new Children({ died: () => {} })
    // Says when it is told to end and when it does, which takes it a while.
    const slow = `const say = (w) => console.log(process.argv[1] + " " + w); setInterval(() => {}, 1000);
      process.on("SIGTERM", () => { say("told"); setTimeout(() => { say("ends"); process.exit(0) }, 200) }); say("up")`
    const start = (name: string) => {
      const spec = script(name, slow, (line) => lines.push(line))
      children.start({ ...spec, args: () => [...spec.args(), name] })
    }
    start("nats-server")
    start("registry")
    await eventually(() => lines.length === 2)
    const pids = ["nats-server", "registry"].map((name) => children.pidOf(name)!)
    await children.stop()
    assert.deepStrictEqual(lines.slice(2), ["registry told", "registry ends", "nats-server told", "nats-server ends"])
    assert.isFalse(pids.some(isAlive))
  })

  it("waits longer after each death, and from the beginning after a minute of life (trust F6)", () => {
    let starts = 0
    const waits = Array.from({ length: 7 }, () => restartMillis((starts = startsAfter(starts + 1, 1_000))))
    assert.deepStrictEqual(waits, [500, 1000, 2000, 4000, 8000, restartMillisMax, restartMillisMax])
    assert.strictEqual(restartMillis(startsAfter(starts + 1, steadyMillis)), 500)
  })

  it("leaves nothing running when the supervisor is killed, a child included that ignores SIGTERM (trust F6)", async () => {
    const code = `
      const { Children } = await import(${JSON.stringify(new URL("../src/Children.ts", import.meta.url).href)})
      const children = new Children({ died: () => {} }, 300)
      const start = (name, code) => children.start({
        name, command: process.execPath, args: () => ["-e", code], env: {}, logFile: ${JSON.stringify(directory)} + "/" + name })
      start("nats-server", "setInterval(() => {}, 1000)")
      start("registry", "setInterval(() => {}, 1000)")
      start("stubborn", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)")
      console.log(["nats-server", "registry", "stubborn"].map((name) => children.pidOf(name)).join())`
    const supervisor = new Program({ command: process.execPath, args: ["--input-type=module", "-e", code] })
    await eventually(() => supervisor.stdout.includes("\n"))
    const pids = supervisor.stdout.trim().split(",").map(Number)
    assert.isTrue(pids.every(isAlive))
    supervisor.signal("SIGKILL")
    await eventually(() => !pids.some(isAlive))
  })
})

describe("diskProblem", () => {
  it("says in one line what is full and how to cure it, on a tmpfs that root may mount (trust F3)", () => {
    using disk = SmallDisk.mount(2 * freeBytesMin)
    const data = join(disk.directory, "data")
    assert.isUndefined(diskProblem(data))
    disk.fill()
    assert.match(diskProblem(data)!, /^the disk of \S+data is full .*make room there, or set ROOST_DATA_DIR/)
    disk.free()
    assert.isUndefined(diskProblem(data))
  })
})

describe("loadSecrets", () => {
  it("makes them once, readable by the owner only, and lets the environment win", () => {
    const first = loadSecrets(directory, {})
    assert.deepStrictEqual(loadSecrets(directory, {}), first)
    assert.match(first.clusterKey, /^[0-9a-f]{64}$/)
    assert.strictEqual(statSync(secretsFile(directory)).mode & 0o777, 0o600)
    assert.strictEqual(loadSecrets(directory, { ROOST_API_TOKEN: "mine" }).apiToken, "mine")
  })
})

describe("takeLock", () => {
  const holder = () =>
    new Program({
      command: process.execPath,
      args: [
        "--input-type=module",
        "-e",
        `const { takeLock } = await import(${JSON.stringify(new URL("../src/InstanceLock.ts", import.meta.url).href)})
         const lock = takeLock(${JSON.stringify(directory)})
         console.log("heldBy" in lock ? "refused" : "held")
         setInterval(() => lock, 1000)`
      ]
    })

  it("is held by one process", () => {
    const lock = takeLock(directory)
    assert.deepStrictEqual(takeLock(directory), { heldBy: process.pid })
    if (!("release" in lock)) return assert.fail("it was free")
    assert.isFalse(lock.formerWasKilled)
    lock.release()
    const again = takeLock(directory)
    if (!("release" in again)) return assert.fail("it was released")
    assert.isFalse(again.formerWasKilled)
    again.release()
  })

  it("dies with its holder, though the pid that it left names a living process (trust F6)", async () => {
    const other = holder()
    await eventually(() => other.stdout.includes("\n"))
    assert.strictEqual(other.stdout, "held\n")
    assert.deepStrictEqual(takeLock(directory), { heldBy: other.pid })
    await other.stop("SIGKILL")
    writeFileSync(join(directory, "start.pid"), String(process.pid))
    const lock = takeLock(directory)
    if (!("release" in lock)) return assert.fail(`held by ${lock.heldBy}`)
    assert.isTrue(lock.formerWasKilled)
    lock.release()
  })
})
