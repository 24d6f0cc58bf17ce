import { Sealing, sealingKeys, sessionKey } from "@roost/contracts"
import { assert, describe, it } from "vitest"
import { FormerSeals } from "../src/service/FormerSeals.ts"

const key = (byte: number) => new Uint8Array(32).fill(byte)
const before = new Sealing(key(1), "session")
const both = new Sealing(sealingKeys(key(2), key(1)), "session")
const record = Uint8Array.of(1, 2, 3)
const [meter, valve] = [sessionKey("pk", "meter"), sessionKey("pk", "valve")]
const partitionOf = (of: string) => Number(of.slice(0, of.indexOf(".")))

const loaded = () => {
  const seals = new FormerSeals(both)
  seals.read(meter, 10, before.seal(meter, record))
  seals.read(valve, 11, before.seal(valve, record))
  seals.read(sessionKey("pk", "new"), 12, both.seal("new", record))
  return seals
}

describe("sessions that the previous cluster key sealed", () => {
  it("are counted until each is written again (trust D2)", () => {
    const seals = loaded()
    assert.strictEqual(seals.size, 2)
    seals.write(1, 10)
    seals.write(2, 12)
    // Not before the store said so.
    assert.strictEqual(seals.size, 2)
    seals.written(1, true)
    seals.written(2, true)
    assert.strictEqual(seals.size, 1)
    seals.write(3, 11)
    seals.written(3, true)
    assert.strictEqual(seals.size, 0)
  })

  it("stay counted where the store refused the write, until a later one (trust D2)", () => {
    const seals = loaded()
    seals.write(1, 10)
    seals.written(1, false)
    assert.strictEqual(seals.size, 2)
    seals.write(2, 10)
    seals.written(2, true)
    assert.strictEqual(seals.size, 1)
  })

  it("count no more when they are deleted, or another node's (trust D2)", () => {
    const seals = loaded()
    seals.deleted(10)
    seals.leave(partitionOf(valve))
    assert.strictEqual(seals.size, 0)
  })

  it("are none without a previous key, but for what was sealed before keys had names (trust D2)", () => {
    const seals = new FormerSeals(before)
    seals.read(meter, 10, before.seal(meter, record))
    assert.strictEqual(seals.size, 0)
  })
})
