import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { decodeStoredSession, encodeStoredSession, storedSessionVersion } from "../src/state/StoredSession.ts"
import { World } from "./support/World.ts"

const record = (): Uint8Array => {
  const world = new World()
  world.device("dev1", 1000, { connectionId: new Uint8Array(0) }).connect()
  return [...world.store.entries.values()][0]!.record
}
const text = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))
const millis = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 48 - 1 }))
const count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff }))
const note = Schema.Struct({ id: text, deliveries: count, deliveredAt: millis, finished: Schema.Boolean })

describe("a stored session", () => {
  it("is small", () => {
    assert.isBelow(record().length, 350)
  })

  it.prop(
    "comes back as it was, whatever its fields hold",
    [
      text,
      text,
      millis,
      millis,
      count,
      Schema.Boolean,
      Schema.Boolean,
      Schema.Array(note).check(Schema.isMaxLength(64))
    ],
    ([productKey, assetId, seenAt, token, kinds, online, final, commands]) => {
      const stored = {
        ...Result.getOrThrow(decodeStoredSession(record(), 0)),
        productKey: productKey.toWellFormed(),
        lastSeenAt: seenAt,
        silentMillis: token,
        fencingToken: token,
        kinds,
        online,
        final,
        facts: {
          assetId: assetId.toWellFormed(),
          credentialVersion: seenAt,
          dataFormat: "Custom",
          downlink: "serial"
        } as const,
        commands: commands.map((one) => ({ ...one, id: one.id.toWellFormed() }))
      }
      const bytes = new Uint8Array(encodeStoredSession(stored, 4096))
      const read = Result.getOrThrow(decodeStoredSession(bytes, 0))
      assert.strictEqual(read.dtls.writeLimit, 4096)
      assert.deepStrictEqual(new Uint8Array(encodeStoredSession(read, 4096)), bytes)
      assert.deepStrictEqual({ ...read, dtls: 0, exchanges: 0 }, { ...stored, dtls: 0, exchanges: 0 })
    }
  )

  it("any change of a byte, any prefix and any longer form is read or refused, never thrown at (F1)", () => {
    const bytes = record()
    for (let at = 0; at < bytes.length; at++) {
      assert.isTrue(Result.isFailure(decodeStoredSession(bytes.subarray(0, at), 0)))
      for (const flip of [0x01, 0x80, 0xff]) {
        const hostile = bytes.slice()
        hostile[at]! ^= flip
        decodeStoredSession(hostile, 0)
      }
    }
    assert.isTrue(Result.isFailure(decodeStoredSession(Uint8Array.of(...bytes, 0), 0)))
  })

  it.prop("random bytes are refused (F1)", [Schema.Array(Schema.Int)], ([bytes]) => {
    assert.isTrue(Result.isFailure(decodeStoredSession(Uint8Array.from([storedSessionVersion, ...bytes]), 0)))
  })

  it("another version is not read", () => {
    assert.deepStrictEqual(
      decodeStoredSession(Uint8Array.of(storedSessionVersion + 1, 0), 0),
      Result.fail("UnknownVersion")
    )
  })
})
