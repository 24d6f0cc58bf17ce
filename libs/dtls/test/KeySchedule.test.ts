import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import { expect, it } from "vitest"
import { prf, pskPremasterSecret } from "../src/KeySchedule.ts"
import { hex, unhex } from "./utils/hex.ts"

it("PRF with SHA-256 gives the vector posted to the TLS working group's list (RFC 5246 §5)", () => {
  const secret = unhex("9bbe436ba940f017b17652849a71db35")
  const seed = unhex("a0ba9f936cda311827a6f796ffd5198c")
  const output = prf(crypto, secret, new TextEncoder().encode("test label"), seed, 100)
  expect(hex(output)).toBe(
    "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af" +
      "0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701" +
      "87347b66"
  )
})

it("the premaster secret is two length-prefixed blocks of the key's length (RFC 4279 §2)", () => {
  expect(hex(pskPremasterSecret(unhex("a1b2c3")))).toBe("00030000000003a1b2c3")
})
