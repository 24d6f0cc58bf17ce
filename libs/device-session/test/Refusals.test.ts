import { assert, describe, it } from "@effect/vitest"
import { parsePeerAddress } from "@roost/contracts"
import { sendRecordsApart } from "./support/DeviceRecords.ts"
import { SimulatedDevice } from "./support/SimulatedDevice.ts"
import { found } from "./support/Answers.ts"
import { World } from "./support/World.ts"

const identityOf = (text: string) => ({ identity: new TextEncoder().encode(text) })
const unknown = { _tag: "Refused", reason: "UnknownDevice" } as const
const mode3 = identityOf("pk1,dev1,3,60")
const states = (world: World) => world.presences.map(({ cause, state }) => `${state} ${cause}`)

describe("refused handshakes", () => {
  it("of 400 made-up identities make no event of a device and at most 20 a second of strangers (trust A1)", () => {
    const world = new World()
    world.psk = () => unknown
    for (let i = 0; i < 400; i++) world.device(`dev${i}`, 1000 + i, { secret: "wrong" }).connect()
    assert.lengthOf(world.events, 0)
    assert.isAtMost(world.strangers.length, 20)
    for (let i = 0; i < 100; i++) world.pass(100)
    const summary = world.strangers.find(({ kind }) => kind === "not-told")
    assert.isAtLeast(summary?.times ?? 0, 200)
    assert.isTrue(world.strangers.every(({ node }) => node === "node0001"))
    assert.strictEqual(world.host.counters.strangersRefused, 400)
  })

  it("that name a registered device stay in its events, however wrong the rest of the identity is (trust A1)", () => {
    for (const [text, reason] of [
      ["pk1,dev1,2,60", "wrong key"],
      ["pk1,dev1,2,1", "30–86400 seconds"],
      ["pk1,dev1,7,60", "2 (device secret) or 3"]
    ] as const) {
      const world = new World()
      world.device("dev1", 1000, { ...identityOf(text), secret: "wrong" }).connect()
      assert.include(world.events[0]?.reason, reason)
      assert.deepStrictEqual([world.events[0]?.deviceKey, world.strangers.length], ["dev1", 0])
      const other = new World()
      other.psk = () => unknown
      other.device("dev1", 1000, { ...identityOf(text), secret: "wrong" }).connect()
      assert.deepStrictEqual([other.events.length, other.strangers[0]?.identity], [0, text])
    }
  })

  it("are a stranger's, found by address and identity, while the registry can't say more (trust A1)", () => {
    const world = new World()
    world.psk = () => ({ _tag: "Unavailable", reason: "the registry did not answer" })
    world.device("dev1", 1000).connect()
    assert.lengthOf(world.events, 0)
    assert.deepInclude(world.strangers[0], { address: "192.0.2.1:1000", identity: "pk1,dev1,2,60", proven: true })
    assert.strictEqual(world.strangers[0]?.kind, "registry-unavailable")
  })

  for (const [text, shown] of [
    ['"pk1,dev1,2,60"', '\\"pk1,dev1,2,60\\"'],
    ["pk1, dev1,2,60", "pk1, dev1,2,60"],
    ["pk1,dev1,2,60,x", "pk1,dev1,2,60,x"],
    ["pk1;dev1;2;60", "pk1;dev1;2;60"],
    ["\0pk1,dev1,2,60", "\\x00pk1,dev1,2,60"],
    ["", ""]
  ] as const) {
    it(`of ${JSON.stringify(text)} are found with the text quoted (trust E21)`, () => {
      const world = new World()
      world.psk = () => ({ _tag: "Refused", reason: "UnknownProduct" })
      world.device("dev1", 1000, identityOf(text)).connect()
      const [told] = world.strangers
      assert.deepInclude(told, { kind: "handshake-refused", address: "192.0.2.1:1000", identity: shown })
      assert.match(told!.reason, /expected .* got ".*"; likely .*\. Send /)
    })
  }

  it("that never finish are told when their time is over (trust A7)", () => {
    const world = new World()
    const device = world.device("dev1", 1000)
    // Of each datagram its first record only: of the last flight that is ClientKeyExchange.
    device.transmit = (datagram) =>
      world.receive(device.peer, datagram.subarray(0, 13 + (datagram[11]! << 8) + datagram[12]!))
    device.connect()
    assert.isFalse(device.connected)
    assert.lengthOf(world.events, 0)
    for (let i = 0; i < 5; i++) world.pass(60_000)
    assert.strictEqual(world.events[0]?.kind, "handshake-unfinished")
    assert.match(world.events[0]!.reason, /no Finished came within \d+ s after ClientKeyExchange/)
  })

  it("that never finish cost no look-up while they last, and are a stranger's where nobody has the name (trust A7)", () => {
    for (const psk of [() => unknown, () => ({ _tag: "Unavailable", reason: "away" }) as const]) {
      const world = new World()
      world.psk = psk
      const device = world.device("dev1", 1000)
      device.transmit = (datagram) =>
        world.receive(device.peer, datagram.subarray(0, 13 + (datagram[11]! << 8) + datagram[12]!))
      world.work = []
      device.connect()
      for (let i = 0; i < 2; i++) world.pass(60_000)
      assert.notInclude(world.work, "AskKey")
      for (let i = 0; i < 3; i++) world.pass(60_000)
      assert.deepStrictEqual(
        [world.events.length, world.strangers.map(({ kind }) => kind)],
        [0, ["handshake-unfinished"]]
      )
    }
  })

  it("say how to find the cause and what cures it (trust A7)", () => {
    const world = new World()
    for (const reason of ["UnknownDevice", "UnknownProduct", "DeviceDisabled", "AlreadyActivated"] as const) {
      world.psk = () => ({ _tag: "Refused", reason })
      world.device("dev1", 1000, { secret: "wrong" }).connect()
      const { reason: text } = [...world.events, ...world.strangers].at(-1)!
      assert.include(text, reason)
      assert.match(text, /POST/)
      world.events.length = world.strangers.length = 0
      world.now += 600_000
    }
  })

  it("tell nothing before the turn's frames are sent (trust G3)", () => {
    const world = new World()
    world.work = []
    world.device("dev1", 1000, { secret: "wrong" }).connect()
    assert.strictEqual(world.work.at(-1), "Event")
  })
})

describe("a handshake with a short secret", () => {
  it("succeeds, and operators hear of it (trust D4)", () => {
    const world = new World()
    world.psk = (deviceKey) => ({ ...found(`secret of ${deviceKey}`), secretTooShort: true })
    assert.isTrue(world.device("dev1", 1000).connect().connected)
    assert.deepInclude(world.events[0], { kind: "secret-too-short", deviceKey: "dev1" })
    assert.match(world.events[0]!.reason, /rotate-secret/)
  })

  it("tells nothing of a wrong key (trust D4)", () => {
    const world = new World()
    world.psk = (deviceKey) => ({ ...found(`secret of ${deviceKey}`), secretTooShort: true })
    world.device("dev1", 1000, { secret: "wrong" }).connect()
    assert.isFalse(world.events.some(({ kind }) => kind === "secret-too-short"))
  })
})

describe("refusals of all causes", () => {
  interface Cause {
    readonly identity?: string
    readonly psk?: World["psk"]
    /** The device has a live session, and this is somebody else at another address. */
    readonly live?: boolean
    /** Each record of the stranger's flights comes in a datagram of its own. */
    readonly apart?: boolean
  }
  const causes: Readonly<Record<string, Cause>> = {
    "a wrong key": {},
    "a wrong key of a device that is online": { live: true },
    "an unknown device": { psk: () => unknown },
    "an unknown product": { psk: () => ({ _tag: "Refused", reason: "UnknownProduct" }) },
    "a disabled device": { psk: () => ({ _tag: "Refused", reason: "DeviceDisabled" }) },
    "a disabled device that is online": { live: true, psk: () => ({ _tag: "Refused", reason: "DeviceDisabled" }) },
    "a Lifetime too short": { identity: "pk1,dev1,2,09" },
    "a Lifetime too short of a device that is online": { live: true, identity: "pk1,dev1,2,09" },
    "a mode that there is not": { identity: "pk1,dev1,9,60" },
    "an identity that can't be split": { identity: "pk1;dev1;2;60", psk: () => unknown }
  }
  /** The host's work from ClientKeyExchange to the end of the refusal. */
  const workOf = ({ apart = false, identity = "pk1,dev1,2,60", live = false, psk }: Cause): ReadonlyArray<string> => {
    const world = new World()
    if (live) assert.isTrue(world.device("dev1", 1000).connect().connected)
    if (psk !== undefined) world.psk = psk
    const peer = parsePeerAddress("198.51.100.7", 2000)!
    const stranger = new SimulatedDevice(world, "dev1", peer, { ...identityOf(identity), secret: "wrong" })
    world.enter(stranger)
    if (apart) sendRecordsApart(stranger)
    world.work = []
    stranger.connect()
    assert.isFalse(stranger.connected)
    return world.work
  }
  const toldBy = new Set(["Event", "Stranger"])

  for (const name of Object.keys(causes)) {
    it(`${name}: the same question, the same keys derived, the same order (trust G3)`, () => {
      const work = workOf(causes[name]!)
      const wrongKey = workOf(causes["a wrong key"]!)
      // For the key, then for keys that come of mistakes.
      assert.strictEqual(work.filter((call) => call === "AskKey").length, 2)
      assert.deepStrictEqual(work.slice(0, -1), wrongKey.slice(0, -1))
      assert.isTrue(toldBy.has(work.at(-1)!))
    })

    it(`${name}, its Finished by itself: nothing is asked before it comes, and the rest is the same (trust G3)`, () => {
      const work = workOf({ ...causes[name]!, apart: true })
      assert.strictEqual(work.filter((call) => call === "AskKey").length, 2)
      assert.deepStrictEqual(work.slice(0, -1), workOf({ apart: true }).slice(0, -1))
    })

    it(`${name}, while the registry is away: the same work again (trust G3)`, () => {
      const psk = () => ({ _tag: "Unavailable", reason: "the registry did not answer" }) as const
      const work = workOf({ ...causes[name]!, psk })
      assert.strictEqual(work.filter((call) => call === "AskKey").length, 1)
      assert.deepStrictEqual(work.slice(0, -1), workOf({ psk }).slice(0, -1))
    })
  }

  it("with the product's secret: one work, whether a former secret is good or not (trust G3)", () => {
    const identity = "pk1,dev1,3,60"
    const alone = workOf({ identity })
    const two = workOf({
      identity,
      psk: () => ({ ...found("current", 9), previous: { psk: new Uint8Array(16), credentialVersion: 7 } })
    })
    const refused = workOf({ identity, psk: () => ({ _tag: "Refused", reason: "AlreadyActivated" }) })
    assert.deepStrictEqual(two, alone)
    assert.deepStrictEqual(refused, alone)
  })

  it("a device whose session is here gets in while the registry is away (trust G3)", () => {
    const world = new World()
    world.device("dev1", 1000).connect()
    world.psk = () => ({ _tag: "Unavailable", reason: "the registry did not answer" })
    assert.isTrue(world.device("dev1", 2000).connect().connected)
    assert.isFalse(world.device("dev2", 3000).connect().connected)
  })
})

describe("a handshake with the product's secret", () => {
  const product = (deviceCredentialVersion?: number) => () => ({
    ...found("of the product", 5),
    ...(deviceCredentialVersion === undefined ? {} : { deviceCredentialVersion })
  })

  for (const version of [undefined, 1, 0]) {
    it(`does not displace a session of the device's own secret, version ${version ?? "unknown"} (trust C4)`, () => {
      const world = new World()
      const device = world.device("dev1", 1000).connect()
      world.psk = product(version)
      const other = world.device("dev1", 2000, { ...mode3, secret: "of the product" }).connect()
      assert.isFalse(other.connected)
      assert.deepStrictEqual(states(world), ["online handshake"])
      assert.include(world.events.at(-1)?.reason, "POST …:replace")
      assert.strictEqual(world.events.at(-1)?.kind, "handshake-refused")
      world.pass(1000)
      device.exchanges.request(world.now, { code: 1, confirmable: true, options: [], payload: new Uint8Array(0) })
      assert.strictEqual(world.host.gauges.online, 1)
    })
  }

  it("does not displace one that is being stored either (trust C4)", () => {
    const world = new World()
    world.holdSaved = true
    world.device("dev1", 1000).connect()
    world.psk = product()
    world.device("dev1", 2000, { ...mode3, secret: "of the product" }).connect()
    assert.include(world.events.at(-1)?.reason, "POST …:replace")
  })

  it("does not displace one that a former node made (trust C4)", () => {
    const world = new World()
    world.device("dev1", 1000).connect()
    world.takeOver()
    world.psk = product(1)
    assert.isFalse(world.device("dev1", 2000, { ...mode3, secret: "of the product" }).connect().connected)
    assert.strictEqual(world.host.gauges.online, 1)
  })

  it("ends a session of a secret that was replaced, and says offline first (trust C4)", () => {
    for (const takenOver of [false, true]) {
      const world = new World()
      world.device("dev1", 1000).connect()
      if (takenOver) world.takeOver()
      world.psk = product(2)
      assert.isTrue(world.device("dev1", 2000, { ...mode3, secret: "of the product" }).connect().connected)
      assert.deepStrictEqual(states(world), ["online handshake", "offline credential"])
      assert.strictEqual(world.host.gauges.online, 0)
    }
  })

  it("comes in where the device has no session, or one of the product's secret (trust C4)", () => {
    const world = new World()
    world.psk = product(1)
    assert.isTrue(world.device("dev1", 1000, { ...mode3, secret: "of the product" }).connect().connected)
    assert.isTrue(world.device("dev1", 2000, { ...mode3, secret: "of the product" }).connect().connected)
  })
})
