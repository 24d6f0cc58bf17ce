import { assert, describe, it } from "@effect/vitest"
import { temporaryDirectory } from "@roost/testkit"
import { Effect } from "effect"
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { exitCodes } from "../src/ExitCode.ts"
import { isAddress } from "../src/commands/whyCommand.ts"
import { registry, run } from "./support/InProcess.ts"

const finding = {
  at: 1_795_476_031_270,
  code: "wrong-key",
  sentence: "A handshake was refused.",
  cause: "the key was computed over the hexadecimal secret",
  cure: "compute it over the text",
  link: "/refusals#wrong-key",
  reason: "verify\u001b[31m failed",
  times: 3,
  over: false
}

describe("roost why, record and recordings", () => {
  it.live("prints each cause with its cure, and says by its exit code that one holds", () =>
    Effect.gen(function* () {
      let findings = [finding]
      const { asked, url } = yield* registry(() => ({
        status: 200,
        body: JSON.stringify({ verdict: "It does not get in.", findings })
      }))
      const { code, out } = yield* run(url, ["why", "p/d"])
      assert.strictEqual(code, exitCodes.saysNo.code)
      assert.strictEqual(asked[0]!.url, "/v1/products/p/devices/d/why")
      for (const text of ["It does not get in.", "wrong-key", "3 times", finding.cause, finding.cure]) {
        assert.include(out, text)
      }
      assert.include(out, `${url}/refusals#wrong-key`)
      assert.include(out, "verify\\x1b[31m failed")
      findings = [{ ...finding, over: true }]
      assert.strictEqual((yield* run(url, ["why", "192.0.2.7", "--output", "json"])).code, 0)
      assert.strictEqual(asked.at(-1)!.url, "/v1/why?address=192.0.2.7")
    }).pipe(Effect.scoped)
  )

  it("tells an address from a device", () => {
    for (const text of ["192.0.2.7", "192.0.2.7:5684", "2001:db8::7", "[2001:db8::7]:5684"])
      assert.isTrue(isAddress(text))
    for (const text of ["p/d", "meter-1", "p/192.0.2.7", "861234567890123"]) assert.isFalse(isAddress(text), text)
  })

  it.live("begins a recording of a device or an address, in minutes", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* registry(() => ({ status: 201, body: '{"id":"r1"}' }))
      assert.strictEqual((yield* run(url, ["record", "p/d", "--for", "90s", "-q"])).out, "r1")
      assert.deepStrictEqual(JSON.parse(asked[0]!.body), { productKey: "p", deviceKey: "d", minutes: 2 })
      yield* run(url, ["record", "192.0.2.7:5684"])
      assert.deepStrictEqual(JSON.parse(asked[1]!.body), { address: "192.0.2.7:5684", minutes: 10 })
    }).pipe(Effect.scoped)
  )

  it.live("exports a file for its owner alone", () =>
    Effect.gen(function* () {
      const { asked, url } = yield* registry(() => ({ status: 200, body: "bytes of a capture" }))
      const file = join(yield* temporaryDirectory, "meter.pcapng")
      assert.strictEqual((yield* run(url, ["recordings", "export", "r1", file, "--secrets"])).code, 0)
      assert.strictEqual(asked[0]!.url, "/v1/recordings/r1/pcapng?secrets=true")
      assert.strictEqual(readFileSync(file, "utf8"), "bytes of a capture")
      assert.strictEqual(statSync(file).mode & 0o777, 0o600)
    }).pipe(Effect.scoped)
  )
})
