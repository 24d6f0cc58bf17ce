import { assert, describe, it } from "@effect/vitest"
import { Code } from "@roost/coap"
import { codeOf, own, post, requestOf } from "./support/DeviceRequests.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { World } from "./support/World.ts"

const ids = (world: World) => world.uplinks.map(({ id }) => id)

/** The device sends a post whose answer is lost; then its microcontroller boots and begins with the same message id and token. */
const lostAnswer = (world: World, options = {}): SimulatedDevice => {
  const device = world.device("dev1", 1000, options).connect()
  device.deaf = true
  post(device, "1")
  return device
}

describe("a device without entropy whose modem keeps the session", () => {
  it("has another body stored under the same message id and token, and the first one once (trust E2)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    assert.strictEqual(codeOf(post(device, "first")), "2.04")
    for (const [id, stored] of [
      ["second", 2],
      ["first", 2],
      ["second", 2],
      ["third", 3]
    ] as const) {
      world.now += 10_000
      device.reboot(0.25)
      assert.include(new TextDecoder().decode(post(device, id)!.payload), id)
      assert.strictEqual(world.uplinks.length, stored)
    }
  })

  it("has a post answered as CON that it sent as NON under the same message id and token, and stored once (trust E2)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const body = '{"id":"1","version":"1.0","method":"thing.event.a.post","params":{"events":{}}}'
    for (const confirmable of [false, true]) {
      device.reboot(0.25)
      const request = requestOf(Code.Post, own(device, "thing/event/a/post"), body)
      assert.strictEqual(codeOf(device.request({ ...request, confirmable })), "2.04")
    }
    assert.strictEqual(world.uplinks.length, 1)
  })

  it("has the same bytes stored for each of its topics (trust E2)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    for (const name of ["thing/event/a/post", "thing/event/b/post"]) {
      device.reboot(0.25)
      const method = name.replaceAll("/", ".")
      const body = `{"id":"1","version":"1.0","method":"${method}","params":{"events":{}}}`
      assert.strictEqual(codeOf(device.request(requestOf(Code.Post, own(device, name), body))), "2.04")
    }
    for (const name of ["thing/model/up_raw"]) {
      device.reboot(0.25)
      assert.strictEqual(codeOf(device.request(requestOf(Code.Post, own(device, name), "raw"))), "2.04")
    }
    assert.strictEqual(new Set(ids(world)).size, 3)
  })

  it("has it so at the next owner, too (trust E2)", () => {
    for (const how of ["killed", "drained"] as const) {
      const world = new World()
      const device = world.device("dev1", 1000).connect()
      post(device, "first")
      world.takeOver(how)
      device.reboot(0.25)
      post(device, "second")
      device.reboot(0.25)
      post(device, "first")
      assert.strictEqual(world.uplinks.length, 2)
    }
  })
})

describe("a message whose answer was lost comes again", () => {
  const again = (
    world: World,
    resume: boolean,
    first: SimulatedDevice,
    session = first.client.session!
  ): SimulatedDevice => {
    const device = world.device("dev1", 5000, resume ? { resume: session } : {}).connect()
    assert.isTrue(device.connected)
    return device
  }

  for (const waitMillis of [0, 50_000, 90_000]) {
    it(`after a resumption ${waitMillis} ms later: stored once, the same answer (trust E16)`, () => {
      const world = new World()
      const first = lostAnswer(world, { lifetime: 300 })
      world.pass(waitMillis)
      world.forgetIds()
      const device = again(world, true, first)
      assert.strictEqual(codeOf(post(device, "1")), "2.04")
      assert.strictEqual(world.uplinks.length, 1)
      assert.strictEqual(codeOf(post(device, "2")), "2.04")
      assert.strictEqual(world.uplinks.length, 2)
    })
  }

  it("after two resumptions, with close_notify before each (trust E16)", () => {
    const world = new World()
    let device = lostAnswer(world, { lifetime: 300 })
    for (let nap = 0; nap < 2; nap++) {
      const session = device.client.session!
      for (const output of device.client.close()) if (output._tag === "Transmit") device.transmit(output.datagram)
      device = again(world, true, device, session)
    }
    world.forgetIds()
    assert.strictEqual(codeOf(post(device, "1")), "2.04")
    assert.strictEqual(world.uplinks.length, 1)
  })

  it("after a resumption while the store was still at work: the stream knows its name (trust E16)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    world.storing = "later"
    post(device, "1")
    const resumed = again(world, true, device)
    world.storing = "yes"
    assert.strictEqual(codeOf(post(resumed, "1")), "2.04")
    assert.strictEqual(world.uplinks.length, 1)
  })

  it("after a resumption and a takeover: the stream knows its name (trust E16)", () => {
    const world = new World()
    const first = lostAnswer(world)
    const device = again(world, true, first)
    world.takeOver("killed")
    assert.strictEqual(codeOf(post(device, "1")), "2.04")
    assert.strictEqual(world.uplinks.length, 1)
  })

  it("94 s after the first: it is stored as a new one (trust E16)", () => {
    const world = new World()
    const first = lostAnswer(world, { lifetime: 300 })
    world.pass(94_000)
    world.forgetIds()
    post(again(world, true, first), "1")
    assert.strictEqual(world.uplinks.length, 2)
  })

  it("after a full handshake: stored again, and says which message it may repeat (trust E16)", () => {
    const world = new World()
    const first = lostAnswer(world)
    const device = again(world, false, first)
    assert.strictEqual(codeOf(post(device, "1")), "2.04")
    assert.strictEqual(codeOf(post(device, "2")), "2.04")
    assert.deepStrictEqual(
      world.uplinks.map(({ repeats }) => repeats),
      [undefined, ids(world)[0], undefined]
    )
    assert.strictEqual(new Set(ids(world)).size, 3)
  })
})

describe("a separate response", () => {
  it("is repeated after 2–3 s, 4–6 s and so on, whatever it waited for (trust E19)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { lifetime: 3600 }).connect()
    world.storing = "later"
    post(device)
    const received = () => device.received.length
    // The empty ACK is out, and nothing else is due.
    world.pass(5_000)
    device.deaf = false
    const before = received()
    device.exchanges.handleMessage = () => []
    world.host.handleStored(world.now, world.storeToken, true)
    world.settle()
    const at: Array<number> = []
    const start = world.now
    let count = received()
    assert.strictEqual(count, before + 1)
    for (let step = 0; step < 1000; step++) {
      world.pass(100)
      if (received() > count) at.push(world.now - start)
      count = received()
    }
    assert.strictEqual(at.length, 4)
    const gaps = at.map((time, index) => time - (at[index - 1] ?? 0))
    for (const [index, gap] of gaps.entries()) {
      assert.isAtLeast(gap, 2000 * 2 ** index)
      assert.isAtMost(gap, 3000 * 2 ** index + 200)
    }
    assert.strictEqual(world.host.counters.messagesIgnored.get("SeparateTimedOut"), 1)
  })
})
