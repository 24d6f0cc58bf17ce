import { assert, describe, it } from "@effect/vitest"
import { DeviceRoutes } from "../src/DeviceRoutes.ts"

const limits = { routesMax: 100, unroutedPeersMax: 2 }
const cid = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)

describe("DeviceRoutes", () => {
  it("finds a partition by all 64 bits of a connection id, wherever it stands", () => {
    const routes = new DeviceRoutes(limits)
    routes.setConnectionId(cid, 511)
    const datagram = Uint8Array.of(9, 9, ...cid, 9)
    assert.strictEqual(routes.ofConnectionId(datagram, 2), 511)
    for (let bit = 0; bit < 64; bit++) {
      const altered = new Uint8Array(cid)
      altered[bit >> 3]! ^= 1 << (bit & 7)
      assert.isUndefined(routes.ofConnectionId(altered, 0), `bit ${bit}`)
    }
  })

  it("has no route by the connection id of a device without one", () => {
    const routes = new DeviceRoutes(limits)
    routes.setConnectionId(new Uint8Array(0), 3)
    routes.setConnectionId(cid.subarray(0, 7), 3)
    assert.strictEqual(routes.cids, 0)
  })

  it("displaces no owner of an address by a claim, and any by a verified record", () => {
    const routes = new DeviceRoutes(limits)
    routes.claimPeer(7, 3)
    routes.claimPeer(7, 4)
    assert.strictEqual(routes.ofPeer(7), 3)
    routes.setPeer(7, 5)
    assert.strictEqual(routes.ofPeer(7), 5)
  })

  it("keeps a route that is in doubt, until a verified record ends the doubt", () => {
    const routes = new DeviceRoutes(limits)
    routes.setPeer(7, 3)
    routes.doubt(7)
    assert.deepStrictEqual([routes.isDoubted(7), routes.ofPeer(7)], [true, 3])
    routes.setPeer(7, 3)
    assert.isFalse(routes.isDoubted(7))
    routes.doubt(7)
    routes.endDoubt(7)
    assert.deepStrictEqual([routes.isDoubted(7), routes.ofPeer(7)], [false, 3])
  })

  it("stays within its limits, and forgets the oldest doubt first", () => {
    const routes = new DeviceRoutes(limits)
    for (let i = 0; i < 1000; i++) {
      routes.setPeer(i, 3)
      routes.setConnectionId(Uint8Array.of(i >> 8, i & 0xff, 1, 2, 3, 4, 5, 6), 3)
    }
    assert.isAtMost(Math.max(routes.peers, routes.cids), 100)
    for (const peer of [1, 2, 3]) routes.doubt(peer)
    assert.deepStrictEqual(
      [1, 2, 3].map((peer) => routes.isDoubted(peer)),
      [false, true, true]
    )
  })
})
