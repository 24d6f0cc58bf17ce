import { assert, describe, it } from "vitest"
import { readOptions } from "../src/Options.ts"
import { buildFailure, lackingTool } from "../src/servers/Toolchain.ts"

const keys = ["californium", "roost", "floor"]

describe("options", () => {
  it("take every peer and row unless told otherwise", () => {
    assert.containSubset(readOptions([], keys), {
      peers: keys,
      rounds: 3,
      underWay: 64,
      memoryDevices: [1000, 10_000, 100_000],
      idleDevices: 100_000,
      rates: [200, 1000, 3000, 6000],
      flatDevices: [100, 1000, 10_000, 100_000]
    })
    assert.containSubset(readOptions(["--peers", "roost", "--rows", "memory", "--memory", "5,6"], keys), {
      peers: ["roost"],
      rows: ["memory"],
      memoryDevices: [5, 6]
    })
  })

  it("of a quick run are Roost and the floor, for one short round", () => {
    assert.containSubset(readOptions(["--quick"], keys), { peers: ["roost", "floor"], rows: ["traffic"], rounds: 1 })
  })

  it.each([
    [["--peers", "roost,emqx"], "--peers emqx: there are californium, roost, floor"],
    [["--rows", "speed"], "--rows speed: there are traffic, rates, flat, memory"],
    [["--suites", "GCM"], "--suites GCM: there are CCM_8, CBC_SHA256"],
    [["--rounds", "0"], "--rounds takes a number above 0, not 0"],
    [["--under-way", "0"], "--under-way takes a number above 0, not 0"],
    [["--rates", "200,-1"], "--rates takes a number above 0, not -1"],
    [["--memory", "1000,x"], "--memory takes a number above 0, not x"],
    [["--fast"], "Unknown option '--fast'"]
  ])("%j are refused with the reason", (args, reason) => {
    assert.include(readOptions(args, keys), reason)
  })
})

describe("a peer that can't be built", () => {
  it("is skipped with the tool that is missing and the package that has it", () => {
    assert.strictEqual(
      lackingTool([
        { command: process.execPath, args: ["--version"], debianPackage: "nodejs" },
        { command: "no-such-compiler", args: ["--version"], debianPackage: "build-essential" }
      ]),
      "skipped: `no-such-compiler --version` does not work here (Debian package build-essential)"
    )
    assert.isUndefined(lackingTool([{ command: process.execPath, args: ["--version"], debianPackage: "nodejs" }]))
  })

  it("is skipped with the last line of what failed", () => {
    assert.match(
      buildFailure(".", process.execPath, ["-e", "console.log('one'); console.error('two'); process.exit(3)"])!,
      /^skipped: `.*` failed: two$/
    )
    assert.isUndefined(buildFailure(".", process.execPath, ["-e", ""]))
  })
})
