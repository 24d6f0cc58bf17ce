import { assert, describe, it } from "@effect/vitest"
import { eventually, Guardian, howEnded, isAlive, Program, ProgramFailed, runProgram } from "../src/index.ts"

const shell = (script: string) => ({ command: "sh", args: ["-c", script] })
const node = (code: string) => ({ command: process.execPath, args: ["--input-type=module", "-e", code] })

describe("a program", () => {
  it("is told line by line, over the borders of chunks, and ends with what it said", async () => {
    const lines: Array<string> = []
    const { exit, stderr, stdout } = await runProgram({
      ...shell("printf 'o'; sleep 0.05; printf 'ne\\ntwo\\nthree'; echo four >&2; exit 3"),
      onLine: (line) => lines.push(line)
    })
    assert.deepStrictEqual([stdout, stderr, howEnded(exit)], ["one\ntwo\nthree", "four\n", "exit code 3"])
    assert.deepStrictEqual(lines.toSorted(), ["four", "one", "two"])
  })

  it("says that it had to be killed where it does not hear the signal", async () => {
    const program = new Program(shell("trap '' TERM; echo up; while :; do sleep 0.02; done"))
    await program.ready(/up/, 60_000)
    const { forced, signal } = await program.stop("SIGTERM", 50)
    assert.deepStrictEqual([forced, signal, program.isRunning], [true, "SIGKILL", false])
  })

  it("is killed when its time is over", async () => {
    const { exit } = await runProgram({ ...shell("sleep 1000"), withinMillis: 20 })
    assert.strictEqual(howEnded(exit), "SIGKILL")
  })

  it("that can't be started is no running one, and says why", async () => {
    const program = new Program({ command: "/nonexistent/program" })
    assert.deepStrictEqual([program.pid, program.isRunning], [0, false])
    const failure = await program.ready(undefined, 60_000).catch((error: unknown) => error)
    assert.instanceOf(failure, ProgramFailed)
    assert.match(howEnded(await program.stop()), /ENOENT/)
  })

  it("does not outlive a process that is killed, descendants included, and keeps none from ending", async () => {
    const started = (rest: string) =>
      node(
        `const { Program } = await import(${JSON.stringify(new URL("../src/program/index.ts", import.meta.url).href)})
         const program = new Program({ command: "sh", args: ["-c", "sleep 1000 & echo $!; wait"] })
         await program.ready(/\\n/, 60_000)
         console.log([program.pid, program.stdout.trim()].join(' '))
         ${rest}`
      )
    const parent = new Program(started("setInterval(() => {}, 1000)"))
    await parent.ready(/\n/, 120_000)
    const pids = parent.stdout.trim().split(" ").map(Number)
    assert.lengthOf(pids.filter(isAlive), 2)
    await parent.stop("SIGKILL")
    await eventually(() => !pids.some(isAlive))

    const { exit, stdout } = await runProgram({ ...started("await program.stop()"), withinMillis: 120_000 })
    assert.strictEqual(exit.code, 0)
    const ended = stdout.trim().split(" ").map(Number)
    await eventually(() => !ended.some(isAlive))
  })
})

describe("a guardian", () => {
  it("ends the last ones after the first ones have ended, and forgets those that are gone", async () => {
    const lines: Array<string> = []
    const slow = (name: string) =>
      shell(
        `trap 'echo ${name} told; sleep 0.2; echo ${name} ends; exit 0' TERM; echo up; while :; do sleep 0.02; done`
      )
    const guardian = new Guardian(60_000)
    const start = (name: string, endsLast: boolean) =>
      new Program({ ...slow(name), guardian, endsLast, onLine: (line) => /told|ends/.test(line) && lines.push(line) })
    const programs = [start("bus", true), start("app", false)]
    await Promise.all(programs.map((program) => program.ready(/up/, 60_000)))
    const gone = start("gone", false)
    await gone.ready(/up/, 60_000)
    await gone.stop("SIGKILL")
    // As when the guarded process dies.
    guardian.close()
    await Promise.all(programs.map(({ exited }) => exited))
    assert.deepStrictEqual(lines, ["app told", "app ends", "bus told", "bus ends"])
  })
})
