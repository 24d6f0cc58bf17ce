import { childProcess, eventually } from "@roost/testkit"
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import { CpuMeter, total } from "../src/CpuMeter.ts"
import { descendantsOf, parseStat, processUse } from "../src/ProcessUse.ts"

/** Uses this much CPU by its own clock, in `where`, then says so and waits. */
const burn = (millis: number) => `
  for (const start = process.cpuUsage(); ; ) {
    const { user, system } = process.cpuUsage(start)
    if (user + system >= ${millis * 1000}) break
  }
  console.log("burnt")
  setInterval(() => {}, 1000)`

describe.runIf(process.platform === "linux")("CPU and memory of processes", () => {
  it("sees what a process used, whatever its program is called", () => {
    const fields = Array.from({ length: 50 }, (_, i) => `${i + 3}`)
    fields[0] = "S"
    assert.deepStrictEqual(parseStat(`77 (a) b (c) ${fields.join(" ")}`), {
      parent: 4,
      cpuMillis: (14 + 15 + 16 + 17) * 10,
      residentBytes: 24 * 4096
    })
  })

  it("counts 300 ms of a child, and of a child's child", async () => {
    const grandparent = `
      require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(burn(300))}], { stdio: "inherit" })
      setInterval(() => {}, 1000)`
    const used = (program: string) =>
      Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const child = yield* childProcess({
              command: process.execPath,
              args: ["-e", program],
              readyWhen: /burnt/
            })
            const { cpuMillis, residentBytes } = processUse(child.pid)!
            assert.isAbove(residentBytes, 20 * 2 ** 20)
            return cpuMillis
          })
        )
      )
    // Starting Node takes some time too.
    const idle = await used(`console.log("burnt"); setInterval(() => {}, 1000)`)
    const own = await used(burn(300))
    assert.isAbove(own - idle, 250)
    assert.isBelow(own - idle, 450)
    assert.isAbove((await used(grandparent)) - idle, 250)
  })

  it("counts a child that is named itself once", async () => {
    const program = `
      const { pid } = require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(burn(300))}, "roost-burner"], {
        stdio: ["ignore", "pipe", "ignore"]
      })
      console.log("started")
      process.stdin.once("data", () => process.exit())
      setInterval(() => {}, 1000)`
    const used = await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const parent = yield* childProcess({
            command: process.execPath,
            args: ["-e", program],
            readyWhen: /started/
          })
          const [child] = descendantsOf(parent.pid)
          assert.include(child!.command, "roost-burner")
          const meter = new CpuMeter([
            ["parent", parent.pid],
            ["child", child!.pid]
          ])
          yield* Effect.promise(() => eventually(() => meter.read().get("child")! >= 200))
          return meter.read()
        })
      )
    )
    assert.isBelow(used.get("parent")!, 150)
  })

  it("adds up processes of one name from its making on, and tells of one that ended", () => {
    const meter = new CpuMeter([
      ["a", process.pid],
      ["a", process.pid]
    ])
    for (const start = process.cpuUsage(); process.cpuUsage(start).user < 60_000;);
    const used = meter.read()
    assert.deepStrictEqual([...used.keys()], ["a"])
    assert.isAtLeast(total(used), 100)
    assert.throws(() => new CpuMeter([["gone", 2 ** 22 + 1]]), "gone (process 4194305) has ended")
    assert.isUndefined(processUse(2 ** 22 + 1))
  })
})
