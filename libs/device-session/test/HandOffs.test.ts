import { assert, describe, it } from "@effect/vitest"
import { FrameKind, parsePeerAddress } from "@roost/contracts"
import { told } from "@roost/explain"
import type { PendingHandshake } from "@roost/dtls"
import { HandOffs } from "../src/handshakes/HandOffs.ts"
import { begunHandshake, type Handshake } from "../src/handshakes/Handshake.ts"
import { Handshakes } from "../src/handshakes/Handshakes.ts"
import { codeOf, post } from "./support/DeviceRequests.ts"
import { World } from "./support/World.ts"
import type { EdgeLink } from "../src/state/EdgeLink.ts"
import type { Held } from "../src/state/Held.ts"

const edge = {} as EdgeLink
const handOff = (port: number, host = "192.0.2.1"): Held => ({
  edge,
  kind: FrameKind.HalfHandshake,
  partition: 1,
  peer: parsePeerAddress(host, port)!,
  body: Uint8Array.of(1)
})
const pending = { agreement: { serverCid: new Uint8Array(0) } } as unknown as PendingHandshake
const handshakeFrom = (port: number, host: string): Handshake =>
  begunHandshake({
    peer: parsePeerAddress(host, port)!,
    edge,
    partition: 1,
    startedAt: 0,
    claim: { named: undefined, refusal: told("identity-unreadable") },
    repeated: false,
    state: { _tag: "AwaitKey", pending, question: undefined }
  })
const names = (held: Iterable<Held>) => Array.from(held, ({ kind, peer }) => `${kind}:${peer.key}`)
const limits = { waitingMax: 100, perTurnMax: 4, perSecondMax: 1000 }

describe("HandOffs", () => {
  it("begins as many in a turn as it may, and sources take turns (trust G2)", () => {
    const handOffs = new HandOffs(0, limits)
    assert.deepStrictEqual(
      Array.from({ length: 6 }, () => handOffs.mayBegin(0)),
      [true, true, true, true, false, false]
    )
    for (let port = 1; port <= 50; port++) handOffs.wait(handOff(port))
    handOffs.wait(handOff(1, "192.0.2.2"))
    handOffs.wait(handOff(1, "2001:db8::1"))
    handOffs.wait(handOff(2, "2001:db8::2"))
    const first = names(handOffs.turn(0))
    const expected = [handOff(1), handOff(1, "192.0.2.2"), handOff(1, "2001:db8::1"), handOff(2)]
    assert.deepStrictEqual(first, names(expected))
    assert.isTrue(handOffs.isCut)
    assert.isFalse(handOffs.mayBegin(0), "nobody overtakes those that wait")
  })

  it("begins as many in a second as it may, and no source below its share waits longer than the others (trust G2)", () => {
    const handOffs = new HandOffs(0, { waitingMax: 10_000, perTurnMax: 64, perSecondMax: 100 })
    while (handOffs.mayBegin(0)) for (const _ of handOffs.turn(0));
    for (let port = 1; port <= 5000; port++) handOffs.wait(handOff(port))
    let begun = 0
    for (let now = 100; now <= 10_000; now += 100) {
      const honest = handOff(7, `198.51.100.${now / 100}`)
      handOffs.wait(honest)
      const turn = names(handOffs.turn(now))
      assert.include(turn, names([honest])[0])
      assert.isFalse(handOffs.isCut, "the second had enough, not the turn: nothing spins")
      begun += turn.length
    }
    assert.strictEqual(begun, 1000)
  })

  it("keeps no more than it may: the source with the most loses its oldest (trust G2)", () => {
    const handOffs = new HandOffs(0, limits)
    handOffs.wait(handOff(1, "192.0.2.2"))
    let displaced = 0
    for (let port = 1; port <= 1000; port++) if (handOffs.wait(handOff(port))) displaced++
    assert.strictEqual(handOffs.size, 100)
    assert.strictEqual(displaced, 901)
    assert.include(names(handOffs.turn(0)), names([handOff(1, "192.0.2.2")])[0])
  })

  it("keeps what follows a waiting handshake with it, and leaves data to the session that is there (trust G2)", () => {
    const handOffs = new HandOffs(0, limits)
    const waiting = handOff(1)
    handOffs.wait(waiting)
    const record = (contentType: number) => Uint8Array.from([contentType, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 1, 0])
    const follows = { ...waiting, kind: FrameKind.Datagram }
    assert.isTrue(handOffs.follows(follows, record(20)))
    assert.isTrue(handOffs.follows(follows, record(22)))
    assert.isFalse(handOffs.follows(follows, record(23)))
    assert.isFalse(handOffs.follows({ ...follows, peer: handOff(2).peer }, record(22)))
    assert.deepStrictEqual(names(handOffs.turn(0)), names([waiting, follows, follows]))
  })
})

describe("a storm of handshakes", () => {
  it("leaves devices their answers, and newcomers of other sources their handshakes (trust G2)", () => {
    const world = new World({ handOffs: { waitingMax: 50, perTurnMax: 1, perSecondMax: 10 } })
    const device = world.device("dev1", 1000).connect()
    assert.isTrue(device.connected)
    for (let i = 0; i < 200; i++) world.device(`made up ${i}`, 2000 + i, { secret: "wrong" }).connect()
    assert.strictEqual(world.host.waiting.handshakes, 50)
    assert.strictEqual(codeOf(post(device)), "2.04")
    const newcomer = world.deviceAt("dev2", parsePeerAddress("198.51.100.1", 1)!).connect()
    for (let i = 0; i < 20; i++) world.pass(100)
    assert.isTrue(newcomer.connected)
    assert.isAtLeast(world.host.waiting.handshakes, 20)
    assert.isAtLeast(world.host.counters.handshakesOverLimit, 100)
  })

  it("of one source displaces itself among the handshakes in progress, not a slow device (trust A4)", () => {
    for (const [one, other] of [
      ["192.0.2.1", "198.51.100.1"],
      ["2001:db8::1", "2001:db8:1::1"]
    ] as const) {
      const handshakes = new Handshakes(20, 60_000)
      const slow = handshakeFrom(1, other)
      handshakes.add(slow)
      for (let port = 1; port <= 500; port++) handshakes.add(handshakeFrom(port, one))
      assert.strictEqual(handshakes.size, 20)
      assert.isTrue(handshakes.isCurrent(slow))
      let expired = 0
      handshakes.expire(60_000, () => expired++)
      assert.deepStrictEqual([handshakes.size, expired], [0, 20])
    }
  })

  it("takes as many handshakes as there is room for from one NAT address (trust A4)", () => {
    const world = new World({ handOffs: { waitingMax: 2000, perTurnMax: 4, perSecondMax: 5000 } })
    const devices = Array.from({ length: 1000 }, (_, i) => world.device(`d${i}`, 2000 + i).connect())
    for (let i = 0; i < 10; i++) world.pass(100)
    assert.strictEqual(devices.filter(({ connected }) => connected).length, 1000)
  })
})
