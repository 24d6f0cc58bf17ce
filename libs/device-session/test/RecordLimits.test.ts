import { assert, describe, it } from "@effect/vitest"
import { Code, findOption, OptionNumber } from "@roost/coap"
import type { ClientOptions } from "@roost/dtls"
import { pendingCommand } from "./support/Commands.ts"
import { codeOf, own, post, requestOf } from "./support/DeviceRequests.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { World } from "./support/World.ts"

type Limit = Pick<ClientOptions, "maxFragmentLength" | "recordSizeLimit">

const limits: ReadonlyArray<Limit> = [
  { maxFragmentLength: 512 },
  { maxFragmentLength: 1024 },
  { maxFragmentLength: 2048 },
  { maxFragmentLength: 4096 },
  { recordSizeLimit: 64 },
  { recordSizeLimit: 65 },
  { recordSizeLimit: 100 },
  { recordSizeLimit: 512 },
  { recordSizeLimit: 1025 }
]
const sizes = [16, 40, 500, 600, 1000, 1024, 1500, 4000, 16_000]

const setTopic = "thing/service/measurepoint/set"
const command = (world: World, id: string, size: number) =>
  pendingCommand(id, world.now, { payload: new Uint8Array(size).fill(0x61) })

/** Nothing that the host wanted to send was too large for its record. */
const nothingDropped = (world: World) =>
  assert.deepStrictEqual(
    [...world.host.counters.recordsDropped.keys()].filter((reason) => reason.startsWith("Seal")),
    []
  )

const fetch = (device: SimulatedDevice) => device.request(requestOf(Code.Get, own(device, setTopic)))

const query = (device: SimulatedDevice) => {
  const asked = { id: "7", version: "1.0", method: "thing.attribute.query", params: { attributes: ["a"] } }
  return device.request(requestOf(Code.Post, own(device, "thing/attribute/query"), JSON.stringify(asked)))
}

describe("the records that a device agreed to read", () => {
  for (const limit of limits) {
    for (const id of [{ connectionId: new Uint8Array(0) }, { connectionId: Uint8Array.of(1, 2, 3) }]) {
      const name = `${JSON.stringify(limit)}, connection id of ${id.connectionId.length} bytes`

      it(`hold commands of any size, block by block: ${name} (trust E1)`, () => {
        const world = new World()
        const device = world.device("dev1", 1000, { ...limit, ...id }).connect()
        for (const size of sizes) {
          world.commands = [command(world, `c${size}`, size)]
          for (const one of world.commands) world.host.handleCommand("pk1", "dev1", one)
          const response = fetch(device)
          assert.strictEqual(codeOf(response), "2.04", `${size} bytes`)
          assert.strictEqual(response!.payload.length, size)
          world.host.handleCommandGone(`c${size}`)
        }
        nothingDropped(world)
        assert.strictEqual(world.host.counters.commandsFetched, sizes.length)
      })

      it(`hold answers to POST and to bodies in blocks, also at the next owner: ${name} (trust E1)`, () => {
        const world = new World()
        const device = world.device("dev1", 1000, { ...limit, ...id }).connect()
        world.properties = () => ({ _tag: "Done", values: { a: "b".repeat(1400) } })
        for (const how of ["killed", "drained"] as const) {
          assert.strictEqual(codeOf(query(device)), "2.04")
          assert.strictEqual(JSON.parse(new TextDecoder().decode(device.responses.at(-1)!.payload)).data.a.length, 1400)
          const large = {
            id: "8",
            version: "1.0",
            method: "thing.attribute.query",
            params: { attributes: ["c".repeat(90), "d".repeat(3000)] }
          }
          const asked = requestOf(Code.Post, own(device, "thing/attribute/query"), JSON.stringify(large))
          assert.strictEqual(codeOf(device.request(asked)), "2.04")
          nothingDropped(world)
          world.takeOver(how)
        }
      })
    }
  }

  it("hold for a resumption whose hello leaves the limit out, RFC 6066 §4 (trust E1)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { maxFragmentLength: 512 }).connect()
    const session = device.client.session!
    const again = world.device("dev1", 5000, { resume: session }).connect()
    world.host.handleCommand("pk1", "dev1", command(world, "c", 600))
    let datagramBytesMax = 0
    assert.strictEqual(fetch(again)!.payload.length, 600)
    for (const datagram of again.received.slice(1)) datagramBytesMax = Math.max(datagramBytesMax, datagram.length)
    assert.isBelow(datagramBytesMax, 13 + 8 + 512 + 8 + 1)
    nothingDropped(world)
  })

  it("have no room for Option 2100: that is counted and told, and nothing is said to be announced (trust E1)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { recordSizeLimit: 64 }).connect()
    world.host.handleCommand("pk1", "dev1", command(world, "c", 600))
    const response = post(device)
    assert.strictEqual(codeOf(response), "2.04")
    assert.isUndefined(findOption(response!.options, OptionNumber.PendingCommand))
    assert.strictEqual(world.host.counters.announcementsLeftOut, 1)
    assert.deepStrictEqual(world.commandEvents, [])
    assert.include(
      world.events.map(({ kind }) => kind),
      "announcement-left-out"
    )
    assert.strictEqual(fetch(device)!.payload.length, 600)
    nothingDropped(world)
  })

  it("have just room for Option 2100 beside an answer in blocks (trust E1)", () => {
    for (let recordSizeLimit = 64; recordSizeLimit < 260; recordSizeLimit++) {
      const world = new World()
      const device = world.device("dev1", 1000, { recordSizeLimit }).connect()
      world.host.handleCommand("pk1", "dev1", command(world, "c", 600))
      const announced = findOption(post(device)!.options, OptionNumber.PendingCommand) !== undefined
      assert.strictEqual(announced, world.host.counters.announcementsLeftOut === 0)
      assert.strictEqual(announced, recordSizeLimit >= 103, `${recordSizeLimit}`)
      nothingDropped(world)
    }
  })

  it("are too small for a model of 70 000 bytes in any case: 5.00, counted and told (trust E1)", () => {
    const world = new World()
    world.properties = () => ({ _tag: "Done", values: { a: "b".repeat(70_000) } })
    const device = world.device("dev1", 1000).connect()
    assert.strictEqual(codeOf(query(device)), "5.00")
    assert.strictEqual(world.host.counters.responses.get(Code.InternalServerError), 1)
    assert.strictEqual(world.host.counters.responses.get(Code.Changed), undefined)
    assert.include(
      world.events.map(({ kind }) => kind),
      "response-too-large"
    )
  })
})
