import { afterEach, assert, describe, it } from "@effect/vitest"
import { Code, encode } from "@roost/coap"
import { sessionKey } from "@roost/contracts"
import * as Result from "effect/Result"
import { Device } from "../src/device/Device.ts"
import type { DeviceInput } from "../src/device/DeviceInput.ts"
import { forgottenMillis, pauseMillisMax, pauseMillisMin } from "../src/state/Fault.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { pendingCommand } from "./support/Commands.ts"
import { retransmit } from "./support/DeviceRecords.ts"
import { codeOf, own, post, requestOf } from "./support/DeviceRequests.ts"
import { found } from "./support/Answers.ts"
import { World } from "./support/World.ts"

const { handle } = Device.prototype
afterEach(() => {
  Device.prototype.handle = handle
})

/** The code of `dev1` throws when it has handled so many inputs of this kind from now on. */
const plant = (tag: DeviceInput["_tag"], times = 1): void => {
  let left = times
  Device.prototype.handle = function (input, turn) {
    handle.call(this, input, turn)
    if (this.deviceKey !== "dev1" || input._tag !== tag || left === 0) return
    left--
    throw new Error(`planted in ${tag}`)
  }
}

const connected = (lifetime = 600) => {
  const world = new World()
  const [device, neighbour] = ["dev1", "dev2"].map((key, i) => world.device(key, 1000 + i, { lifetime }).connect())
  return { world, device: device!, neighbour: neighbour! }
}
/** A request that the device's CoAP client does not wait for. */
const say = (device: SimulatedDevice, messageId: number): void => {
  const message = {
    type: "CON",
    code: Code.Get,
    messageId,
    token: Uint8Array.of(messageId),
    payload: new Uint8Array(0)
  } as const
  device.transmit(Result.getOrThrow(device.client.send(encode({ ...message, options: [] }))))
}
/** The pause is over, and the device repeats what was not answered. */
const recover = (world: World, device: SimulatedDevice): void => {
  world.pass(pauseMillisMin + 5_000)
  retransmit(world, device)
}
const productIdentity = new TextEncoder().encode("pk1,dev1,3,600")
const activateInfo = "topic/ext/session/pk1/dev1/thing/activate/info"
const faultsIn = (world: World) => world.events.filter(({ kind }) => kind === "actor-fault")
const command = pendingCommand("c1", 0, { expiresAt: Infinity, timeoutMillis: 10_000 })

/** Inputs that need more than one device with a session that lives on; each has a test of its own below. */
type Special = "Restored" | "Opened" | "Hold" | "Recalled" | "Leaving" | "Verified" | "Activated" | "Revoked"

/** The steps that make `dev1` hear each other input. */
const provoked: Record<Exclude<DeviceInput["_tag"], Special>, (world: World, device: SimulatedDevice) => void> = {
  Datagram: (_, device) => void post(device, "1"),
  Stored: (_, device) => void post(device, "1"),
  Write: (world, device) => {
    device.request({ code: Code.Get, confirmable: true, options: [], payload: new Uint8Array(0) })
    world.pass(200)
  },
  Saved: (world, device) => {
    device.request({ code: Code.Get, confirmable: true, options: [], payload: new Uint8Array(0) })
    world.pass(200)
  },
  Properties: (_, device) => {
    const asked = `{"id":"1","version":"1.0","method":"thing.attribute.query","params":{"attributes":[]}}`
    device.request(requestOf(Code.Post, own(device, "thing/attribute/query"), asked))
  },
  // Somebody else wrote the entry meanwhile.
  Read: (world, device) => {
    const key = sessionKey("pk1", "dev1")
    const { record, revision } = world.store.entries.get(key)!
    world.store.write(key, revision, record)
    device.request({ code: Code.Get, confirmable: true, options: [], payload: new Uint8Array(0) })
    world.pass(200)
  },
  Converted: (world, device) => {
    const script = { version: 1, source: "the pool's" }
    world.host.profiles.put({ _tag: "Product", productKey: "pk1", modelId: null, script })
    const said = `{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{}}}`
    device.request(requestOf(Code.Post, own(device, "thing/model/up_raw"), said))
  },
  CredentialChanged: (world) =>
    world.host.handleCredential(world.now, { productKey: "pk1", deviceKey: "dev1", credentialVersion: 1 } as never),
  Command: (world) => world.host.handleCommand("pk1", "dev1", command),
  CommandGone: (world) => {
    world.host.handleCommand("pk1", "dev1", command)
    world.host.handleCommandGone("c1")
  },
  ClockStep: (world) => {
    world.host.handleCommand("pk1", "dev1", command)
    world.host.handleClockStep(5_000)
  }
}

describe("an exception in a device's code", () => {
  for (const tag of ["Restored", "Opened", "Hold", "Recalled"] as const) {
    it(`while it hears ${tag} after a takeover costs it no handshake`, () => {
      const { device, neighbour, world } = connected()
      plant(tag)
      world.takeOver()
      post(device, "1")
      assert.strictEqual(codeOf(post(neighbour, "n1")), "2.04")
      recover(world, device)
      assert.strictEqual(world.host.counters.actorFaults, 1)
      assert.strictEqual(codeOf(device.responses.at(-1)), "2.04")
      assert.strictEqual(world.host.counters.handshakesStarted, 0)
      assert.deepStrictEqual(
        world.presences.filter(({ state }) => state === "offline"),
        []
      )
    })
  }

  it("while its partition is given up keeps no partition from its next owner", () => {
    const { device, neighbour, world } = connected()
    plant("Leaving")
    const { counters } = world.takeOver("drained")
    assert.strictEqual(counters.actorFaults, 1)
    for (const each of [device, neighbour]) assert.strictEqual(codeOf(post(each)), "2.04")
  })

  it("in a timer costs no other device its timer", () => {
    const { world } = connected()
    const { handleTimeout } = Device.prototype
    Device.prototype.handleTimeout = function (turn) {
      handleTimeout.call(this, turn)
      if (this.deviceKey === "dev1" && this.fault === undefined) throw new Error("planted in a timer")
    }
    world.pass(601_000)
    Device.prototype.handleTimeout = handleTimeout
    world.pass(2_000)
    assert.strictEqual(world.host.counters.actorFaults, 1)
    assert.strictEqual(world.host.gauges.online, 0)
    assert.isTrue(world.presences.some(({ deviceKey, state }) => deviceKey === "dev2" && state === "offline"))
  })

  for (const [tag, provoke] of Object.entries(provoked)) {
    it(`while it hears ${tag} costs it its turn: it goes on by its session, and its neighbour notices nothing`, () => {
      const { device, neighbour, world } = connected()
      plant(tag as DeviceInput["_tag"])
      provoke(world, device)
      assert.strictEqual(codeOf(post(neighbour, "n1")), "2.04")
      recover(world, device)
      assert.strictEqual(faultsIn(world).length, 1)
      assert.include(faultsIn(world)[0]!.reason, `planted in ${tag}`)
      const { handshakesStarted } = world.host.counters
      assert.strictEqual(codeOf(post(device, "after")), "2.04")
      assert.strictEqual(codeOf(post(neighbour, "n2")), "2.04")
      assert.strictEqual(world.host.counters.handshakesStarted, handshakesStarted)
      assert.strictEqual(world.host.counters.actorFaults, 1)
      assert.deepStrictEqual(
        world.presences.filter(({ state }) => state === "offline"),
        []
      )
    })
  }

  it("behind the store's ack stores nothing twice: the copy is answered", () => {
    const { device, world } = connected()
    plant("Stored")
    assert.isUndefined(post(device, "1"))
    recover(world, device)
    assert.strictEqual(codeOf(device.responses.at(-1)), "2.04")
    assert.strictEqual(world.uplinks.length, 1)
  })

  it("is met by silence for a pause, which doubles with each fault up to five minutes, and is forgotten", () => {
    const { device, world } = connected(86_400)
    plant("Datagram", 12)
    let messageId = 0
    for (let fault = 1; fault <= 12; fault++) {
      const { counters } = world.host
      // The first one of a stub has its session read back, and the fault comes with what waited for that.
      say(device, ++messageId)
      assert.strictEqual(counters.actorFaults, fault)
      const pauseMillis = Math.min(pauseMillisMax, pauseMillisMin * 2 ** (fault - 1))
      world.pass(pauseMillis - 1)
      const { faultyDropped } = counters
      say(device, ++messageId)
      assert.strictEqual(counters.faultyDropped, faultyDropped + 1)
      world.pass(1)
    }
    assert.isBelow(pauseMillisMax, forgottenMillis)
    assert.strictEqual(codeOf(post(device, "at last")), "2.04")
  })

  it("leaves the device's Lifetime: silent, it goes offline once, and the store hears of it", () => {
    const { device, neighbour, world } = connected()
    plant("Datagram")
    post(device, "1")
    for (let minute = 0; minute < 11; minute++) {
      world.pass(60_000)
      post(neighbour, `${minute}`)
    }
    const offline = world.presences.filter(({ state }) => state === "offline")
    assert.deepStrictEqual(
      offline.map(({ cause, deviceKey }) => [deviceKey, cause]),
      [["dev1", "lifetime"]]
    )
    world.takeOver()
    world.pass(700_000)
    assert.strictEqual(
      world.presences.filter(({ deviceKey, state }) => deviceKey === "dev1" && state === "offline").length,
      1
    )
  })

  it("during a handshake ends that handshake, and the next one succeeds", () => {
    for (const tag of ["Verified", "Saved"] as const) {
      const world = new World()
      plant(tag)
      const device = world.device("dev1", 1000, { lifetime: 600 })
      device.connect()
      assert.isFalse(device.connected)
      world.pass(pauseMillisMin + 100)
      assert.isTrue(world.device("dev1", 1001, { lifetime: 600 }).connect().connected)
    }
  })

  it("while it hears Activated lets it fetch its secret again", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { identity: productIdentity }).connect()
    plant("Activated")
    assert.isUndefined(device.request(requestOf(Code.Get, activateInfo)))
    assert.strictEqual(world.host.counters.actorFaults, 1)
    recover(world, device)
    assert.strictEqual(codeOf(device.responses.at(-1)), "2.04")
  })

  it("while it hears Revoked tells that it went offline, and the handshake behind it succeeds after the pause", () => {
    const { neighbour, world } = connected()
    // The registry issued another secret since.
    world.psk = () => ({ ...found("current", 9), deviceCredentialVersion: 2 })
    plant("Revoked")
    const options = { identity: productIdentity, secret: "current" }
    assert.isFalse(world.device("dev1", 2000, options).connect().connected)
    assert.strictEqual(world.host.counters.actorFaults, 1)
    assert.deepStrictEqual(
      world.presences.filter(({ state }) => state === "offline").map(({ cause, deviceKey }) => [deviceKey, cause]),
      [["dev1", "credential"]]
    )
    world.pass(pauseMillisMin)
    assert.isTrue(world.device("dev1", 3000, options).connect().connected)
    assert.strictEqual(codeOf(post(neighbour)), "2.04")
  })

  it("leaves nothing that waits for an answer, and no presence untold", () => {
    for (const [tag, provoke] of Object.entries(provoked)) {
      const { device, world } = connected(86_400)
      plant(tag as DeviceInput["_tag"])
      provoke(world, device)
      recover(world, device)
      assert.strictEqual(world.host.gauges.inFlight, 0, tag)
      const states = world.presences.filter(({ deviceKey }) => deviceKey === "dev1").map(({ state }) => state)
      assert.strictEqual(states.at(-1), world.host.gauges.online === 2 ? "online" : "offline", tag)
    }
  })

  it("keeps what waits for the device: a command is announced afterwards", () => {
    const { device, world } = connected()
    world.host.handleCommand("pk1", "dev1", command)
    plant("Datagram")
    post(device, "1")
    recover(world, device)
    const answer = device.responses.at(-1)
    assert.strictEqual(codeOf(answer), "2.04")
    assert.isDefined(answer?.options.find(({ number }) => number === 2100))
  })
})
