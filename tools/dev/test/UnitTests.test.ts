import { spawnSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { unitTestsOf } from "../src/unitTests.ts"

const chosenOf = (files: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const root = mkdtempSync(join(tmpdir(), "roost-unit-tests-"))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return unitTestsOf(root)
  } finally {
    rmSync(root, { recursive: true })
  }
}

describe("a test is a unit test", () => {
  const test = "libs/x/test/X.test.ts"

  it("if neither it nor what it imports names a module for processes or sockets", () =>
    assert.deepStrictEqual(
      chosenOf({ [test]: `import { x } from "../src/X.ts"\n`, "libs/x/src/X.ts": `import "node:crypto"\n` }),
      [test]
    ))

  for (const [how, files] of [
    ["it names one", { [test]: `import { spawn } from "node:child_process"\n` }],
    ["it loads one later", { [test]: `const { connect } = await import("node:net")\n` }],
    ["its launcher is of the testkit", { [test]: `import { NatsServer } from "@roost/testkit/nats-server"\n` }],
    [
      "its support's source names one",
      {
        [test]: `import { x } from "./support/X.ts"\n`,
        "libs/x/test/support/X.ts": `export * from "../../src/X.ts"\n`,
        "libs/x/src/X.ts": `import {\n  createSocket\n} from "node:dgram"\n`
      }
    ]
  ] as const) {
    it(`unless ${how}`, () => assert.deepStrictEqual(chosenOf(files), []))
  }

  it("also where its imports are a circle", () =>
    assert.deepStrictEqual(
      chosenOf({
        [test]: `import { a } from "../src/A.ts"\n`,
        "libs/x/src/A.ts": `import { b } from "./B.ts"\n`,
        "libs/x/src/B.ts": `import { a } from "./A.ts"\n`
      }),
      [test]
    ))
})

describe("a unit test that reaches out by another project is refused", () => {
  // In a process of its own, whose modules are changed for good.
  it("a process, a connection, a server and a datagram", () => {
    const program = `
      import ${JSON.stringify(new URL("../src/refuseOutside.ts", import.meta.url).href)}
      import child from "node:child_process"
      import dgram from "node:dgram"
      import net from "node:net"
      for (const reach of [
        () => child.spawn("true"),
        () => child.spawnSync("true"),
        () => child.execFileSync("true"),
        () => net.connect(9, "127.0.0.1"),
        () => net.createServer().listen(0),
        () => dgram.createSocket("udp4").bind(0)
      ]) {
        try {
          reach()
          console.log("reached")
        } catch (error) {
          console.log(error.message)
        }
      }
      process.exit(0)`
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" })
    const said = stdout.trim().split("\n")
    assert.lengthOf(said, 6)
    for (const line of said) assert.match(line, /npm run test:unit/)
  })
})
