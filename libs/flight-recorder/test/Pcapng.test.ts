import { assert, describe, it } from "@effect/vitest"
import type { Recorded, RecordedEntry } from "@roost/contracts"
import { recordingPcapng } from "../src/index.ts"

const entry = (number: number, what: Recorded): RecordedEntry => ({ at: 1000 + number, process: "p", number, what })
const blocksOf = (bytes: Uint8Array): ReadonlyArray<readonly [type: number, body: Buffer]> => {
  const view = Buffer.from(bytes)
  const blocks: Array<readonly [number, Buffer]> = []
  for (let at = 0; at < view.length;) {
    const length = view.readUInt32LE(at + 4)
    assert.strictEqual(view.readUInt32LE(at + length - 4), length)
    blocks.push([view.readUInt32LE(at), view.subarray(at + 8, at + length - 4)])
    at += length
  }
  return blocks
}
const datagram = (peer: string, direction: "in" | "out"): Recorded => ({
  _tag: "Datagram",
  direction,
  peer,
  bytes: Buffer.from("abc").toString("base64")
})

describe("a recording as pcapng", () => {
  it("has two interfaces, and each datagram and message on its own, in order", () => {
    const message: Recorded = { _tag: "Message", direction: "in", peer: "192.0.2.7:4000", bytes: "QAEAAQ==" }
    const bytes = recordingPcapng([entry(2, message), entry(1, datagram("192.0.2.7:4000", "in"))], { secrets: false })
    const blocks = blocksOf(bytes)
    assert.deepStrictEqual(
      blocks.map(([type]) => type),
      [0x0a0d0d0a, 1, 1, 6, 6]
    )
    const packets = blocks.filter(([type]) => type === 6).map(([, body]) => body)
    assert.deepStrictEqual(
      packets.map((body) => [body.readUInt32LE(0), body.readUInt16BE(20 + 20), body.readUInt16BE(20 + 22)]),
      [
        [0, 4000, 5684],
        [1, 4000, 5683]
      ]
    )
  })

  it("of IPv6 has IPv6 headers, from the server to the device", () => {
    const blocks = blocksOf(recordingPcapng([entry(1, datagram("[2001:db8::7]:4000", "out"))], { secrets: false }))
    const packet = blocks.at(-1)![1].subarray(20)
    assert.deepStrictEqual([packet[0]! >> 4, packet.readUInt16BE(40), packet.readUInt16BE(42)], [6, 5684, 4000])
  })

  it("has the secrets of handshakes, by their ClientHello, only where they are asked for", () => {
    const hello = Buffer.alloc(60, 7)
    hello[0] = 22
    hello[13] = 1
    const peer = "192.0.2.7:4000"
    const entries = [
      entry(1, { ...datagram(peer, "in"), bytes: hello.toString("base64") } as Recorded),
      entry(2, { _tag: "Secret", peer, masterSecret: "bb" }),
      entry(3, { _tag: "Secret", peer: "192.0.2.8:4000", masterSecret: "cc" })
    ]
    const text = (secrets: boolean) => Buffer.from(recordingPcapng(entries, { secrets })).toString("latin1")
    assert.include(text(true), `CLIENT_RANDOM ${"07".repeat(32)} bb\n`)
    assert.notInclude(text(true), "cc\n")
    assert.notInclude(text(false), "CLIENT_RANDOM")
  })
})
