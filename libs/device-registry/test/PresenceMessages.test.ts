import { assert, describe, it } from "@effect/vitest"
import { Presence } from "@roost/contracts"
import { Result, Schema } from "effect"
import { decodePresence, isPresence } from "../src/PresenceMessages.ts"
import { presence as seededPresence } from "./support/SeededStore.ts"

const presence = seededPresence({ credentialVersion: 7 })

const bySchema = Schema.decodeUnknownResult(Schema.fromJsonString(Presence))
const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value) ?? "")

/** Each field as it must not be, absent, and as it may be. */
const strange: ReadonlyArray<unknown> = [
  undefined,
  null,
  "",
  "x",
  "online",
  "record",
  0,
  2,
  3,
  1.5,
  1e300,
  true,
  [],
  {}
]

describe("a message of the stream PRESENCE", () => {
  it("is read as its schema says, whatever stands in each of its fields", () => {
    for (const name of Object.keys(presence)) {
      for (const value of strange) {
        const data = encode({ ...presence, [name]: value })
        const expected = bySchema(Buffer.from(data).toString())
        assert.deepStrictEqual(decodePresence(data), Result.isSuccess(expected) ? expected.success : undefined)
      }
    }
  })

  it("needs no schema when it is one", () => {
    const { credentialVersion: _, ...ofAnOlderNode } = presence
    assert.isTrue(isPresence(presence))
    assert.isTrue(isPresence(ofAnOlderNode))
  })

  it("is not anything else", () => {
    for (const data of [encode(null), encode([]), encode("x"), new Uint8Array(0), Uint8Array.of(0xff, 0x7b)]) {
      assert.isUndefined(decodePresence(data))
    }
  })
})
