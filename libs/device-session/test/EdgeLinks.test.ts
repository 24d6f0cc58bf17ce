import { assert, describe, it } from "@effect/vitest"
import { frameBytesTarget, FrameKind, FrameReader, parsePeerAddress } from "@roost/contracts"
import { edgeIdleMillisMax, EdgeLinks } from "../src/host/EdgeLinks.ts"
import type { HostEffect } from "../src/host/HostEffect.ts"

const peer = parsePeerAddress("127.0.0.1", 4000)!

describe("EdgeLinks", () => {
  it("sends one frame per edge and tick", () => {
    const sent: Array<[string, number]> = []
    const links = new EdgeLinks("node0001", (effect) => {
      const { edgeId, frame } = effect as HostEffect & { readonly _tag: "Frame" }
      const reader = new FrameReader(frame)
      let entries = 0
      while (reader.next()) entries++
      sent.push([edgeId, entries])
      return true
    })
    const one = links.link("edge1", 0)
    const two = links.link("edge2", 0)
    for (let i = 0; i < 3; i++) links.add(one, FrameKind.Send, 1, peer, new Uint8Array(10))
    links.add(two, FrameKind.Send, 1, peer, new Uint8Array(10))
    assert.deepStrictEqual(sent, [])
    links.flush()
    links.flush()
    assert.deepStrictEqual(sent, [
      ["edge1", 3],
      ["edge2", 1]
    ])
  })

  it("sends early what would grow past the size of a frame", () => {
    let frames = 0
    const links = new EdgeLinks("node0001", () => ++frames > 0)
    const link = links.link("edge1", 0)
    for (let i = 0; i < 300; i++) links.add(link, FrameKind.Send, 1, peer, new Uint8Array(1024))
    assert.strictEqual(frames, Math.floor((300 * 1024) / frameBytesTarget))
  })

  it("forgets an edge that asked for nothing for a long time", () => {
    const links = new EdgeLinks("node0001", () => true)
    const link = links.link("edge1", 0)
    links.sweep(edgeIdleMillisMax)
    assert.strictEqual(links.link("edge1", edgeIdleMillisMax), link)
    links.sweep(edgeIdleMillisMax * 3)
    assert.notStrictEqual(links.link("edge1", edgeIdleMillisMax * 3), link)
  })
})
