import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { Children, startsMax } from "../src/Children.ts"
import { takeLock } from "../src/InstanceLock.ts"
import { formatLine, lineOf } from "../src/LiveView.ts"
import { loadSecrets, secretsFile } from "../src/Secrets.ts"

let directory = ""
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "roost-dev-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const until = async (what: () => boolean): Promise<void> => {
  const end = Date.now() + 10_000
  while (!what()) {
    if (Date.now() > end) throw new Error("it did not happen in 10 s")
    await new Promise((resume) => setTimeout(resume, 10))
  }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const script = (name: string, code: string, onLine?: (line: string) => void) => ({
  name,
  command: process.execPath,
  args: ["-e", code],
  env: {},
  logFile: join(directory, `${name}.log`),
  ...(onLine === undefined ? {} : { onLine })
})

describe("Children", () => {
  it("keeps the output of a child in its log and shows it by line", async () => {
    const lines: Array<string> = []
    const children = new Children({ died: () => {} })
    children.start(script("talks", "console.log('one\\ntwo'); setInterval(() => {}, 1000)", (line) => lines.push(line)))
    await until(() => lines.length === 2)
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
    children.settled("dies")
    await until(() => deaths.length === 2)
    await children.stop()
    assert.deepStrictEqual(deaths[0], { how: "exit code 3", tail: ["why"], again: true })
  })

  it("gives up on a child that never came up", async () => {
    const again: Array<boolean> = []
    const children = new Children({ died: (_name, _how, _tail, millis) => again.push(millis !== undefined) })
    children.start(script("never", "process.exitCode = 1"))
    await until(() => again.length === startsMax)
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
      children.start({ ...spec, args: [...spec.args, name] })
    }
    start("nats-server")
    start("registry")
    await until(() => lines.length === 2)
    const pids = ["nats-server", "registry"].map((name) => children.pidOf(name)!)
    await children.stop()
    assert.deepStrictEqual(lines.slice(2), ["registry told", "registry ends", "nats-server told", "nats-server ends"])
    assert.isFalse(pids.some(isAlive))
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
  it("is held by one process, and taken over from one that is gone", () => {
    const lock = takeLock(directory)
    assert.deepStrictEqual(takeLock(directory), { heldBy: process.pid })
    assert.isTrue("release" in lock)
    if ("release" in lock) lock.release()
    writeFileSync(join(directory, "start.pid"), "4194304")
    assert.isTrue("release" in takeLock(directory))
  })
})

describe("LiveView", () => {
  const at = new Date("2026-01-01T10:20:30.456Z")
  const bytes = (text: string) => new TextEncoder().encode(text)

  it("shows an uplink on one line, with what is no text as dots", () => {
    const line = lineOf("roost.uplink.pk.dk.raw", Uint8Array.of(1, 65, 10, 66), at)!
    assert.strictEqual(formatLine(line, false), "10:20:30.456 uplink   pk/dk              raw  ·A·B")
  })

  it("shows presence and events, and nothing else", () => {
    const presence = JSON.stringify({ state: "offline", cause: "lifetime", address: "1.2.3.4:5", suite: "S" })
    assert.strictEqual(lineOf("roost.presence.pk.dk", bytes(presence), at)?.text, "offline (lifetime)  1.2.3.4:5  S")
    assert.strictEqual(lineOf("roost.event.pk.dk.x", bytes(`{"kind":"x","reason":"why"}`), at)?.text, "x: why")
    assert.strictEqual(lineOf("roost.event.pk.dk.x", bytes("no JSON"), at)?.text, "x: ?")
    assert.isUndefined(lineOf("roost.frame.edge.x", bytes(""), at))
  })
})
