import { assert, describe, it } from "@effect/vitest"
import { parsePeerAddress } from "@roost/contracts"
import { TLS_PSK_WITH_AES_128_CCM_8 } from "@roost/dtls"
import { EdgeWorld, TestDevice } from "./support/EdgeWorld.ts"
import { peerOf } from "./support/Peers.ts"

const record = (contentType: number, epoch: number, body: ReadonlyArray<number>): Uint8Array =>
  Uint8Array.from([contentType, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, body.length >> 8, body.length & 255, ...body])
const told = (world: EdgeWorld) => {
  world.pass(100)
  return world.strangers.map(({ address, kind, reason }) => ({ address, kind, reason }))
}
/** A ClientHello of a client whose only suites are these, with its cookie. */
const helloWith = (world: EdgeWorld, device: TestDevice, suites: ReadonlyArray<number>): Uint8Array => {
  const edit = (hello: Uint8Array): Uint8Array => {
    const at = hello.findIndex((_, i) => (hello[i]! << 8) + (hello[i + 1] ?? 0) === TLS_PSK_WITH_AES_128_CCM_8)
    const edited = new Uint8Array(hello)
    edited[at] = suites[0]! >> 8
    edited[at + 1] = suites[0]! & 255
    return edited
  }
  world.receive(device.peer, ...device.start().map(edit))
  return edit(device.take(world.replies())[0]!)
}

describe("an edge tells what it refused, with address, cause and cure", () => {
  const dropped: Readonly<Record<string, readonly [Uint8Array, RegExp]>> = {
    "plain CoAP": [Uint8Array.from([0x40, 1, 0x12, 0x34, 0xbb]), /plain CoAP.*coaps:\/\//],
    "a plain CoAP POST with a token": [Uint8Array.from([0x44, 2, 0x12, 0x34, 1, 2, 3, 4, 0xbb, 97, 98]), /plain CoAP/],
    "TLS as on TCP": [Uint8Array.from([22, 3, 1, 0, 2, 1, 0]), /Likely TLS/],
    "a record of DTLS 1.3": [Uint8Array.from([0x2f, 0xab, 0xcd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), /DTLS 1\.3/],
    HTTP: [Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), /Likely HTTP/],
    JSON: [Buffer.from('{"id":"1","version":"1.0"}'), /JSON without CoAP/],
    text: [Buffer.from("hello\n"), /text came without CoAP/],
    MQTT: [Buffer.from("100e00044d5154540402003c0002646d", "hex"), /Likely MQTT/],
    STUN: [Buffer.from("000100002112a442000102030405060708090a0b", "hex"), /Likely STUN/],
    QUIC: [Buffer.from("c00000000108000102030405060708", "hex"), /Likely QUIC/],
    "nothing that is known": [Uint8Array.from([0xff, 1, 2, 3, 4]), /Likely another protocol, or a scan/],
    "an alert in the clear": [record(21, 0, [2, 40]), /unprotected record/],
    "a hello in fragments": [record(22, 0, [1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5]), /in fragments.*MTU/],
    "a hello that can't be read": [record(22, 0, [1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2]), /message can't be read/],
    "a datagram of 4000 bytes": [
      record(
        23,
        1,
        Array.from({ length: 4000 }, () => 7)
      ),
      /larger than anything/
    ]
  }
  for (const [name, [datagram, reason]] of Object.entries(dropped)) {
    it(`of ${name} (trust A7)`, () => {
      const world = new EdgeWorld()
      world.receive(parsePeerAddress("2001:db8::7", 4000)!, datagram)
      const [refusal, ...more] = told(world)
      assert.lengthOf(more, 0)
      assert.strictEqual(refusal?.address, "[2001:db8::7]:4000")
      assert.match(refusal!.reason, reason)
      assert.match(refusal!.reason, /[Ll]ikely/)
    })
  }

  it("of one source each, where it tries one protocol after the other", () => {
    const world = new EdgeWorld()
    for (const datagram of [Buffer.from("GET / HTTP/1.1"), Uint8Array.of(0x40, 0, 1, 2), Buffer.from("{}")]) {
      world.receive(peerOf(9), datagram)
      world.pass(100)
    }
    assert.strictEqual(new Set(told(world).map(({ reason }) => reason)).size, 3)
  })

  it("of a client without a suite that is served, by its suites (trust A7)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1", { suites: [TLS_PSK_WITH_AES_128_CCM_8] })
    world.receive(device.peer, helloWith(world, device, [0xc02b]))
    const [refusal] = told(world)
    assert.strictEqual(refusal?.kind, "no-common-suite")
    assert.match(refusal!.reason, /expected TLS_PSK_WITH_AES_128_CCM_8 \(0xc0a8\).*got 0xc02b/)
    assert.isTrue(world.strangers[0]?.proven)
  })

  it("of a cookie that is another's (trust A7)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    world.receive(device.peer, ...device.start())
    world.receive(peerOf(9), ...device.take(world.replies()))
    assert.deepInclude(told(world)[0], { kind: "wrong-cookie", address: "192.0.2.1:9" })
    assert.isFalse(world.strangers[0]?.proven)
  })

  it("of a connection id that nobody knows, when it comes again (trust A7)", () => {
    const world = new EdgeWorld()
    const unknown = Uint8Array.from([25, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 0, 2, 1, 2])
    world.receive(peerOf(9), unknown)
    assert.lengthOf(told(world), 0)
    world.receive(peerOf(9), unknown)
    assert.deepInclude(told(world)[0], { kind: "nobody-knows", address: "192.0.2.1:9" })
  })

  it("of a device that begins handshakes again and again (trust A7)", () => {
    const world = new EdgeWorld()
    for (let i = 0; i < 60; i++) new TestDevice(world, `meter-${i}`).untilKeyExchange()
    assert.match(told(world)[0]!.reason, /more handshakes began/)
  })

  it("and of nothing that a registered device does (trust A7)", () => {
    const world = new EdgeWorld()
    const device = new TestDevice(world, "meter-1")
    device.connect()
    world.receive(device.peer, device.data("hello"), Uint8Array.of(0), new Uint8Array(0))
    assert.lengthOf(told(world), 0)
  })

  it("at most 20 a second, whatever comes (trust A7)", () => {
    const world = new EdgeWorld()
    const noise = Uint8Array.from([0x40, 1, 0x12, 0x34, 0xbb])
    for (let second = 0; second < 20; second++) {
      const before = world.strangers.length
      for (let tick = 0; tick < 10; tick++) {
        for (let i = 0; i < 500; i++)
          world.receive(parsePeerAddress(`10.${second}.${tick * 20 + (i >> 8)}.${i & 255}`, 1)!, noise)
        world.pass(100)
      }
      assert.isAtMost(world.strangers.length - before, 20)
    }
    assert.strictEqual(world.core.counters.dropped.get("NotDtls"), 100_000)
    const counted = world.strangers.reduce((sum, { times = 1 }) => sum + times, 0)
    assert.isAtLeast(counted, 80_000)
  })
})
