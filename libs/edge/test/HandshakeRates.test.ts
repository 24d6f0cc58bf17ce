import { assert, describe, it } from "@effect/vitest"
import { defaultEdgeLimits } from "../src/EdgeLimits.ts"
import { HandshakeRates } from "../src/HandshakeRates.ts"
import { peerOf } from "./support/Peers.ts"

const now = 1_700_000_000_000
const rates = (limits: Partial<typeof defaultEdgeLimits> = {}) =>
  new HandshakeRates({ ...defaultEdgeLimits, handshakesPerSecondMax: 1, handshakesBurstMax: 3, ...limits })
let cookies = 0
const newCookie = () => Uint8Array.of(++cookies >> 8, cookies & 0xff)

describe("HandshakeRates", () => {
  it("charges each address its own rate", () => {
    const one = rates()
    const taken = (key: number | string) =>
      Array.from({ length: 9 }, () => one.take(now, key, newCookie())).filter(Boolean)
    assert.lengthOf(taken(peerOf(1).key), 3)
    assert.lengthOf(taken(peerOf(2).key), 3)
  })

  it("leaves a new cookie its rate, however often an old one comes, and the old one no more than as much", () => {
    const one = rates()
    const { key } = peerOf(1)
    const old = newCookie()
    assert.isTrue(one.take(now, key, old))
    const copies = Array.from({ length: 100 }, () => one.take(now, key, old)).filter(Boolean)
    assert.lengthOf(copies, 3)
    assert.deepStrictEqual(
      Array.from({ length: 3 }, () => one.take(now, key, newCookie())),
      [true, true, false]
    )
  })

  it("charges a source for all its addresses, and one network of 64 bits is a source", () => {
    const one = rates({ handshakesPerSourceSecondMax: 1, handshakesPerSourceBurstMax: 5 })
    const taken = (host: (i: number) => string) =>
      Array.from({ length: 20 }, (_, i) => one.take(now, peerOf(i + 1, host(i)).key, newCookie())).filter(Boolean)
    assert.lengthOf(
      taken(() => "192.0.2.1"),
      5
    )
    assert.lengthOf(
      taken((i) => `2001:db8::${i + 1}`),
      5
    )
  })
})
