import { assert, describe, it } from "@effect/vitest"
import { type Command, commandKey } from "@roost/contracts"
import { CommandMirror, deadlineGraceMillis, markerMillis, unmovedMillis } from "../src/index.ts"

const hash = "abcdefgh"
const idOf = (n: number) => `${hash}${String(n).padStart(12, "0")}`
const keyOf = (n: number) => commandKey(idOf(n))!
const command = (n: number, expiresAt: number): Command => ({
  commandId: idOf(n),
  productKey: "pk",
  deviceKey: "dk",
  kind: "raw",
  identifier: "",
  topic: "",
  payload: new Uint8Array(0),
  state: "created",
  createdAt: 0,
  expiresAt,
  instant: false,
  timeoutSeconds: 10,
  deliveries: 0,
  maxDeliveries: 3
})

describe("the mirror of the pending commands", () => {
  it("counts the commands of a device", () => {
    const mirror = new CommandMirror(0, 0)
    for (const n of [1, 2, 2]) mirror.put(0, keyOf(n), command(n, 1_000), n)
    assert.strictEqual(mirror.pendingOf(hash), 2)
    mirror.remove(0, keyOf(1), 9)
    mirror.remove(0, keyOf(1), 9)
    assert.strictEqual(mirror.pendingOf(hash), 1)
    assert.strictEqual(mirror.pendingOf("00000000"), 0)
  })

  it("fires a deadline once, after the grace, also when it moved earlier or later", () => {
    const mirror = new CommandMirror(0, 0)
    mirror.put(0, keyOf(1), command(1, 5_000), 1)
    mirror.put(0, keyOf(2), command(2, 60_000), 2)
    mirror.put(0, keyOf(1), command(1, 50_000), 3)
    mirror.put(0, keyOf(2), command(2, 2_000), 4)
    assert.deepStrictEqual(mirror.advance(2_000 + deadlineGraceMillis - 100), [])
    assert.deepStrictEqual(
      mirror.advance(2_000 + deadlineGraceMillis).map((due) => due.revision),
      [4]
    )
    assert.deepStrictEqual(mirror.advance(50_000 + deadlineGraceMillis - 100), [])
    assert.deepStrictEqual(
      mirror.advance(90_000).map((due) => due.revision),
      [3]
    )
    assert.deepStrictEqual(mirror.advance(900_000), [])
  })

  it("keeps the newest revision when an older one is heard after it", () => {
    const mirror = new CommandMirror(0, 0)
    mirror.put(0, keyOf(1), command(1, 5_000), 7)
    mirror.put(0, keyOf(1), command(1, 1_000), 6)
    assert.deepStrictEqual(mirror.advance(4_000), [])
  })

  it("gives a failed deadline again unless the command changed meanwhile", () => {
    const mirror = new CommandMirror(0, 0)
    mirror.put(0, keyOf(1), command(1, 1_000), 1)
    const [due] = mirror.advance(10_000)
    mirror.again(10_000, due!, 1_000)
    assert.strictEqual(mirror.advance(11_000).length, 1)
    mirror.put(11_000, keyOf(1), command(1, 90_000), 2)
    mirror.again(11_000, due!, 1_000)
    assert.deepStrictEqual(mirror.advance(20_000), [])
  })

  it("has a command that ended but stayed moved, and a deletion's marker removed", () => {
    const mirror = new CommandMirror(0, 0)
    mirror.put(0, keyOf(1), { ...command(1, 900_000), state: "succeeded" }, 1)
    assert.strictEqual(mirror.advance(unmovedMillis)[0]?._tag, "Command")
    mirror.remove(unmovedMillis, keyOf(1), 2)
    assert.deepStrictEqual(mirror.advance(unmovedMillis + markerMillis), [{ _tag: "Marker", revision: 2 }])
  })

  it("a clock that is set back an hour delays no later deadline, and one set forward fires what is past (trust B5)", () => {
    const hour = 3_600_000
    const mirror = new CommandMirror(hour, 0)
    mirror.put(hour, keyOf(1), command(1, hour + 60_000), 1)
    mirror.advance(hour + 100)
    assert.deepStrictEqual(mirror.advance(100), [])
    mirror.put(100, keyOf(2), command(2, 5_000), 2)
    assert.deepStrictEqual(
      mirror.advance(5_000 + deadlineGraceMillis).map((due) => due.revision),
      [2]
    )
    assert.deepStrictEqual(
      mirror.advance(2 * hour).map((due) => due.revision),
      [1]
    )
  })
})
