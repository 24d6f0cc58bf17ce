import { assert, it } from "vitest"
import { pskPremasterSecret } from "../src/KeySchedule.ts"
import { hex, unhex } from "./support/hex.ts"

it("the premaster secret is two length-prefixed blocks of the key's length (RFC 4279 §2)", () => {
  assert.strictEqual(hex(pskPremasterSecret(unhex("a1b2c3"))), "00030000000003a1b2c3")
})
