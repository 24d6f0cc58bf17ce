import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { Command, commandIdOfKey, CommandIds, commandKey, deviceCommands, placeOf } from "../src/index.ts"

describe("command ids (architecture §1)", () => {
  const place = placeOf("pk", "dk")

  it("sort by time and, within a millisecond, by the order they were made in", () => {
    const ids = new CommandIds(() => 0.999)
    const made = [5, 5, 5, 6, 4, 7].map((now) => ids.next(place.hash, 1_700_000_000_000 + now))
    assert.deepStrictEqual([...made].sort(), made)
    assert.strictEqual(new Set(made).size, made.length)
    assert.isTrue(made.every((id) => id.length === 20))
  })

  it("run over into the next millisecond when a sequence is used up", () => {
    const ids = new CommandIds(() => 0)
    let last = ids.next(place.hash, 1)
    for (let i = 0; i < 40_000; i++) {
      const next = ids.next(place.hash, 1)
      assert.isTrue(next > last)
      last = next
    }
  })

  it("name their key, and the key names them", () => {
    const id = new CommandIds(Math.random).next(place.hash, 1_700_000_000_000)
    const key = commandKey(id)!
    assert.isTrue(key.startsWith(deviceCommands(place).slice(0, -1)))
    assert.strictEqual(commandIdOfKey(key), id)
  })

  it("refuse what is no id: other lengths, other characters, wildcards (F22)", () => {
    for (const text of ["", "0", "*".repeat(20), `${place.hash}.>..........`, "u".repeat(20), "0".repeat(21)]) {
      assert.isUndefined(commandKey(text))
    }
  })
})

describe("a command's entry", () => {
  it("keeps the exact bytes for the device", () => {
    const command: Command = {
      commandId: "0".repeat(20),
      productKey: "pk",
      deviceKey: "dk",
      kind: "raw",
      identifier: "",
      topic: "/sys/pk/dk/thing/model/down_raw",
      payload: Uint8Array.of(0, 255, 128),
      state: "created",
      createdAt: 1,
      expiresAt: 2,
      instant: false,
      timeoutSeconds: 30,
      deliveries: 0,
      maxDeliveries: 3
    }
    const Json = Schema.fromJsonString(Command)
    const text = Schema.encodeUnknownSync(Json)(command)
    assert.include(text, `"payload":"AP+A"`)
    assert.deepStrictEqual({ ...Schema.decodeUnknownSync(Json)(text) }, command)
  })
})
