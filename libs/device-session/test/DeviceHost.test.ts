import { Code, formatCode, OptionNumber, stringOption } from "@roost/coap"
import { frameStamp, parsePeerAddress, placeOf } from "@roost/contracts"
import { assert, describe, it } from "@effect/vitest"
import type { PskOutcome } from "../src/state/Outcomes.ts"
import type { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { found } from "./support/Answers.ts"
import { World } from "./support/World.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const requestOf = (code: number, path: string, payload = "") => ({
  code,
  confirmable: true,
  options: path.split("/").map((segment) => stringOption(OptionNumber.UriPath, segment)),
  payload: bytes(payload)
})
const own = (device: SimulatedDevice, name: string) => `topic/sys/pk1/${device.deviceKey}/${name}`
const post = (device: SimulatedDevice, id = "1") =>
  device.request(
    requestOf(
      Code.Post,
      own(device, "thing/measurepoint/post"),
      `{"id":"${id}","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{}}}`
    )
  )
const codeOf = (response: { code: number } | undefined) =>
  response === undefined ? undefined : formatCode(response.code)
const command = (world: World, id: string, name = "thing/service/measurepoint/set") =>
  world.host.handleCommand("pk1", "dev1", {
    id,
    topic: `/sys/pk1/dev1/${name}`,
    payload: bytes(`{"id":"${id}"}`),
    createdAt: world.now,
    expiresAt: world.now + 600_000,
    timeoutMillis: 30_000,
    deliveriesMax: 3,
    deliveries: 0,
    deliveredAt: 0,
    hinted: false
  })

describe("DeviceHost", () => {
  it("acknowledges an uplink after it is stored, and not before", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    world.storing = "later"
    assert.isUndefined(post(device))
    assert.strictEqual(world.uplinks.length, 1)
    world.host.handleStored(world.now, world.storeToken, true)
    world.settle()
    assert.strictEqual(codeOf(device.responses[0]), "2.04")
  })

  it("gives the frame's stamp back with the 2.04 of an uplink alone", () => {
    const world = new World()
    world.stamp = frameStamp(world.now)
    const device = world.device("dev1", 1000).connect()
    const { partition } = placeOf("pk1", "dev1")
    world.sendFields.length = 0
    post(device)
    assert.deepStrictEqual(world.sendFields.splice(0), [world.stamp])
    device.request(requestOf(Code.Get, own(device, "thing/service/measurepoint/set")))
    world.storing = "later"
    post(device, "2")
    world.pass(4100)
    assert.deepStrictEqual(world.sendFields.splice(0), [partition, partition], "4.04 and the empty ACK")
    world.host.handleStored(world.now, world.storeToken, true)
    world.settle()
    assert.deepStrictEqual(world.sendFields.splice(0), [world.stamp], "the separate response")
    world.stamp = 0
    world.storing = "yes"
    post(device, "3")
    assert.deepStrictEqual(world.sendFields, [partition])
  })

  it("measures each stage of a handshake", () => {
    const world = new World()
    const times: Array<readonly [stage: string, seconds: number]> = []
    world.host.counters.verified = { observe: (seconds) => times.push(["verify", seconds]) }
    world.host.counters.established = { observe: (seconds) => times.push(["store", seconds]) }
    // Time goes by as soon as the key is there, while the session is being stored.
    world.psk = (deviceKey) => {
      world.now += 40
      return found(`secret of ${deviceKey}`)
    }
    world.device("dev1", 1000).connect()
    assert.deepStrictEqual(times, [
      ["verify", 0],
      ["store", 0.04]
    ])
  })

  it("answers 5.00 when the store does not take it, and pretends nothing", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    world.storing = "no"
    assert.strictEqual(codeOf(post(device)), "5.00")
    world.storing = "later"
    post(device)
    world.host.handleStored(world.now, world.storeToken, false)
    world.settle()
    assert.strictEqual(codeOf(device.responses[1]), "5.00")
  })

  it("sends an empty ACK and a separate response when the store is slow (S69)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    world.storing = "later"
    post(device)
    const before = device.received.length
    world.pass(4100)
    assert.strictEqual(device.received.length, before + 1, "the empty ACK")
    world.host.handleStored(world.now, world.storeToken, true)
    world.settle()
    assert.strictEqual(codeOf(device.responses[0]), "2.04")
  })

  it("stores a repeated record or message once (C7)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    post(device)
    const record = device.sent.at(-1)!
    for (let i = 0; i < 3; i++) world.receive(device.peer, record)
    assert.strictEqual(world.uplinks.length, 1)
    assert.strictEqual(world.host.counters.recordsDropped.get("Replay"), 3)
  })

  it("goes offline once after Lifetime of silence, to the tick, and online by the next record (contract §7.18, C21)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { lifetime: 60 }).connect()
    world.pass(59_900)
    assert.deepStrictEqual(
      world.presences.map(({ state }) => state),
      ["online"]
    )
    world.pass(200)
    world.pass(600_000)
    assert.deepStrictEqual(
      world.presences.map(({ state, cause }) => `${state} ${cause}`),
      ["online handshake", "offline lifetime"]
    )
    assert.strictEqual(codeOf(post(device)), "2.04")
    assert.strictEqual(world.presences.at(-1)?.cause, "record")
  })

  it("a record that does not verify extends no Lifetime (S118, C21)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { lifetime: 60 }).connect()
    post(device)
    const forged = device.sent.at(-1)!.slice()
    forged[forged.length - 1]! ^= 1
    world.pass(50_000)
    world.receive(device.peer, forged)
    world.receive(device.peer, Uint8Array.of(0))
    world.pass(11_000)
    assert.strictEqual(world.presences.at(-1)?.state, "offline")
  })

  it("announces, hands out, takes the reply, and a GET with nothing pending is 4.04 (S113–S116)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const set = own(device, "thing/service/measurepoint/set")
    command(world, "c1")
    const hinted = post(device)!
    const option = hinted.options.find(({ number }) => number === OptionNumber.PendingCommand)
    assert.strictEqual(new TextDecoder().decode(option!.value), `/${set}`)
    // Announced again, told once: an uplink costs no message more for a command that waits.
    assert.isTrue(post(device)!.options.some(({ number }) => number === OptionNumber.PendingCommand))
    const fetched = device.request(requestOf(Code.Get, set))!
    assert.strictEqual(new TextDecoder().decode(fetched.payload), `{"id":"c1"}`)
    assert.strictEqual(codeOf(device.request(requestOf(Code.Post, `${set}_reply`, `{"id":"c1","code":200}`))), "2.04")
    assert.deepStrictEqual(
      world.commandEvents.map(({ _tag }) => _tag),
      ["Hinted", "Fetched", "Replied"]
    )
    assert.strictEqual(codeOf(device.request(requestOf(Code.Get, set))), "4.04")
  })

  it("hands the same command out again to a device that lost the answer (C9)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    command(world, "c1")
    const set = own(device, "thing/service/measurepoint/set")
    device.deaf = true
    assert.isUndefined(device.request(requestOf(Code.Get, set)))
    device.deaf = false
    const { request } = { request: requestOf(Code.Get, set) }
    world.pass(3000)
    for (const output of device.exchanges.handleTimeout(world.now)) {
      if (output._tag === "Transmit")
        device.transmit((device.client.send(output.bytes) as { success: Uint8Array }).success)
    }
    assert.strictEqual(new TextDecoder().decode(device.responses[0]!.payload), `{"id":"c1"}`)
    assert.strictEqual(world.commandEvents.length, 1, "a retransmission is no second delivery")
    assert.strictEqual(new TextDecoder().decode(device.request(request)!.payload), `{"id":"c1"}`)
  })

  it("the newest verified handshake wins; the queue stays, the old session is silent (D22)", () => {
    const world = new World()
    const first = world.device("dev1", 1000).connect()
    command(world, "c1")
    const second = world.device("dev1", 2000).connect()
    assert.isTrue(second.connected)
    assert.isUndefined(post(first))
    const hinted = post(second)!
    assert.isTrue(hinted.options.some(({ number }) => number === OptionNumber.PendingCommand))
    assert.strictEqual(world.host.gauges.devices, 1)
  })

  it("an old session goes on until the new Finished verified (D19)", () => {
    const world = new World()
    const device = world.device("dev1", 1000, { connectionId: undefined }).connect()
    const intruder = world.device("dev1", 1000, { connectionId: undefined, secret: "wrong" }).connect()
    assert.isFalse(intruder.connected)
    world.move(intruder, 3000)
    world.move(device, 1000)
    assert.strictEqual(codeOf(post(device)), "2.04")
  })

  it("does not answer in a new session what was asked in the old one (C12)", () => {
    const world = new World()
    const first = world.device("dev1", 1000).connect()
    world.storing = "later"
    post(first)
    const second = world.device("dev1", 2000).connect()
    const before = second.received.length
    world.host.handleStored(world.now, world.storeToken, true)
    world.settle()
    assert.strictEqual(second.received.length, before)
    assert.strictEqual(first.responses.length, 0)
  })

  it("the address follows a newer record only: not an older one, not a copy, not a forgery (F14, F15)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const elsewhere = parsePeerAddress("203.0.113.9", 9)!
    post(device, "1")
    const copy = device.sent.at(-1)!
    world.receive(elsewhere, copy)
    const forged = copy.slice()
    forged[10]! += 1
    world.receive(elsewhere, forged)
    assert.strictEqual(codeOf(post(device, "2")), "2.04")
    world.move(device, 4000)
    assert.strictEqual(codeOf(post(device, "3")), "2.04", "R6 a newer record moves it")
  })

  it("an unknown device, a disabled one and a wrong key get the same: nothing (F21)", () => {
    const answers = (["UnknownDevice", "DeviceDisabled", undefined] as const).map((reason) => {
      const world = new World()
      if (reason !== undefined) world.psk = () => ({ _tag: "Refused", reason })
      const device = world.device("dev1", 1000, { secret: "wrong" }).connect()
      assert.isFalse(device.connected)
      const told = [...world.events, ...world.strangers]
      assert.strictEqual(told[0]?.kind, "handshake-refused")
      assert.include(told[0]!.reason, reason ?? "wrong key")
      return device.received.map(({ length }) => length)
    })
    assert.deepStrictEqual(answers[0], answers[2])
    assert.deepStrictEqual(answers[1], answers[2])
  })

  it("forgets handshakes that never finish (D14)", () => {
    const world = new World({ handshakesMax: 50 })
    for (let i = 0; i < 200; i++) world.device(`dev${i}`, 2000 + i, { secret: "wrong" }).connect()
    assert.strictEqual(world.host.gauges.handshakes, 50)
    world.pass(180_000)
    assert.strictEqual(world.host.gauges.handshakes, 0)
    assert.isTrue(world.device("good", 1000).connect().connected)
  })

  it("a changed credential ends what a session may do, at once, with one offline (R10)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const change = { productKey: "pk1", deviceKey: "dev1", change: "secret", credentialVersion: 2 } as const
    world.host.handleCredential(world.now, change)
    world.host.handleCredential(world.now, change)
    assert.strictEqual(codeOf(post(device)), "4.01")
    assert.deepStrictEqual(
      world.presences.map(({ state }) => state),
      ["online", "offline"]
    )
  })

  it.each(["asked", "stored"] as const)(
    "R10 a credential that changes while a handshake's key or session is %s ends it in silence, and is kept nowhere",
    (moment) => {
      const world = new World()
      const known = world.psk
      const change = { productKey: "pk1", deviceKey: "dev1", change: "disabled", credentialVersion: 2 } as const
      const disable = () => {
        world.psk = () => ({ _tag: "Refused", reason: "DeviceDisabled" })
        world.host.handleCredential(world.now, change)
      }
      // Its key is in the cache by now.
      const first = world.device("dev1", 1000).connect()
      if (moment === "asked") {
        world.host.handleCredential(world.now, { ...change, change: "secret", credentialVersion: 1 })
        world.psk = (deviceKey) => {
          disable()
          return known(deviceKey)
        }
      } else {
        const write = world.store.write.bind(world.store)
        world.store.write = (...entry) => {
          world.store.write = write
          disable()
          return write(...entry)
        }
      }
      const device = world.device("dev1", 2000).connect()
      assert.isFalse(device.connected)
      assert.include(world.events.at(-1)?.reason, "during its handshake")
      assert.strictEqual(codeOf(post(first)), "4.01")
      assert.isFalse(world.device("dev1", 3000).connect().connected)
      assert.strictEqual(world.store.entries.size, 0)
      world.psk = () => ({ ...(known("dev1") as PskOutcome & { _tag: "Found" }), credentialVersion: 3 })
      assert.isTrue(world.device("dev1", 4000).connect().connected)
    }
  )

  it("what an older notice says of a newer session is nothing (R10)", () => {
    const world = new World()
    const change = { productKey: "pk1", deviceKey: "dev1", change: "disabled", credentialVersion: 1 } as const
    const device = world.device("dev1", 1000).connect()
    world.host.handleCredential(world.now, change)
    assert.strictEqual(codeOf(post(device)), "2.04")
  })

  it("close_notify makes a device offline at once where its product says so; the session can still be resumed (S28, trust E15)", () => {
    const world = new World()
    world.psk = (deviceKey) => ({ ...found(`secret of ${deviceKey}`), closeNotify: "offline" })
    const device = world.device("dev1", 1000).connect()
    const session = device.client.session!
    for (const output of device.client.close()) if (output._tag === "Transmit") device.transmit(output.datagram)
    assert.strictEqual(world.presences.at(-1)?.cause, "closeNotify")
    const again = world.device("dev1", 5000, { resume: session }).connect()
    assert.isTrue(again.connected)
    assert.strictEqual(world.host.counters.handshakesResumed, 1)
    assert.strictEqual(codeOf(post(again)), "2.04")
  })

  it("close_notify before each nap is answered, and Lifetime decides, also at the next owner (trust E15)", () => {
    const world = new World()
    let device = world.device("dev1", 1000, { lifetime: 3600 }).connect()
    for (let nap = 0; nap < 3; nap++) {
      const session = device.client.session!
      const before = device.received.length
      for (const output of device.client.close()) if (output._tag === "Transmit") device.transmit(output.datagram)
      assert.strictEqual(device.received.length, before + 1)
      world.pass(600_000)
      if (nap === 1) world.takeOver("killed")
      device = world.device("dev1", 5000 + nap, { lifetime: 3600, resume: session }).connect()
      assert.isTrue(device.connected)
      assert.strictEqual(codeOf(post(device, String(nap))), "2.04")
    }
    assert.deepStrictEqual(new Set(world.presences.map(({ state }) => state)), new Set(["online"]))
    for (const output of device.client.close()) if (output._tag === "Transmit") device.transmit(output.datagram)
    world.pass(3_599_000)
    assert.strictEqual(world.presences.at(-1)?.state, "online")
    world.pass(2_000)
    assert.deepInclude(world.presences.at(-1), { state: "offline", cause: "lifetime" })
  })

  it.each([
    [undefined, 3_900, 4_200],
    [0, 0, 200],
    [9_000, 8_900, 9_200]
  ])(
    "a product's piggybackMillis of %s lets answers go with their ACK until then (trust E14)",
    (piggybackMillis, fits, late) => {
      for (const [waitMillis, messages] of [
        [fits, 1],
        [late, 2]
      ] as const) {
        const world = new World()
        world.psk = (deviceKey) => ({
          ...found(`secret of ${deviceKey}`),
          ...(piggybackMillis === undefined ? {} : { piggybackMillis })
        })
        const device = world.device("dev1", 1000, { lifetime: 3600 }).connect()
        world.storing = "later"
        const before = device.received.length
        post(device)
        if (waitMillis > 0) world.pass(waitMillis)
        world.host.handleStored(world.now, world.storeToken, true)
        world.settle()
        assert.strictEqual(device.received.length - before, messages)
        assert.strictEqual(codeOf(device.responses[0]), "2.04")
      }
    }
  )

  it("a session that is gone is said to be unknown, and the handshake goes on as a full one (S30)", () => {
    const world = new World()
    const device = world.device("dev1", 1000).connect()
    const session = device.client.session!
    world.store.entries.clear()
    world.takeOver()
    const again = world.device("dev1", 5000, { resume: session }).connect()
    assert.isTrue(again.connected)
    assert.strictEqual(world.host.counters.handshakesResumed, 0)
    assert.strictEqual(codeOf(post(again)), "2.04")
  })

  it("one device that floods gets 4.29, its neighbour 2.04 (C20)", () => {
    const world = new World({ requestsPerSecondMax: 5, requestsBurstMax: 5 })
    const flood = world.device("dev1", 1000).connect()
    const neighbour = world.device("dev2", 2000).connect()
    const codes = Array.from({ length: 8 }, (_, i) => codeOf(post(flood, String(i))))
    assert.deepStrictEqual(codes.slice(4), ["2.04", "4.29", "4.29", "4.29"])
    assert.strictEqual(codeOf(post(neighbour)), "2.04")
  })

  it("counts no silence of a time in which nobody could be heard: a whole Lifetime begins when it serves again (R9)", () => {
    const world = new World()
    world.device("dev1", 1000, { lifetime: 30 }).connect()
    world.now += 45_000
    world.host.resume(world.now)
    world.pass(100)
    world.pass(29_800)
    assert.strictEqual(world.presences.at(-1)?.state, "online")
    world.pass(200)
    assert.strictEqual(world.presences.at(-1)?.cause, "lifetime")
    world.pass(60_000)
    assert.strictEqual(world.presences.length, 2)
  })

  it("keeps nothing of a device that fell silent for good (R4)", () => {
    const world = new World({ sessionIdleMillisMax: 3_600_000 })
    for (let i = 0; i < 100; i++) post(world.device(`dev${i}`, 2000 + i).connect())
    assert.strictEqual(world.host.gauges.devices, 100)
    for (let i = 0; i < 80; i++) world.pass(60_000)
    assert.deepStrictEqual(world.host.gauges, {
      devices: 0,
      online: 0,
      handshakes: 0,
      commands: 0,
      timers: 0,
      inFlight: 0,
      partitions: 512,
      loading: 0,
      saving: 0
    })
    assert.strictEqual(world.store.entries.size, 0, "the bucket neither")
  })
})
