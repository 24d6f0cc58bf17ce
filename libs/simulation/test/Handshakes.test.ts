import { assert, describe, it } from "vitest"
import { LossyRoost } from "./support/LossyRoost.ts"

const devices = 24
const seeds = 5
/** A client gives its last flight up after so long (RFC 6347 §4.2.4.1: 1, 2, 4, 8, 16 and 32 s). */
const patienceMillis = 63_000

/** Devices that begin within three seconds, half of them under a connection id; those that did not get through. */
const unfinished = (roost: LossyRoost): ReadonlyArray<string> => {
  const fleet = Array.from({ length: devices }, (_, i) => {
    const device = roost.device(`d${i}`, 10_000 + i, i % 2 === 0)
    roost.schedule.plan(3_000 * roost.random(), () => device.connect())
    return device
  })
  roost.schedule.runUntil(roost.now + 3_000 + patienceMillis)
  return fleet.filter(({ connectedAt }) => connectedAt === undefined).map(({ deviceKey }) => deviceKey)
}

// At a loss of 5 % seven transmissions in a row are in vain once in 10^5 handshakes: what fails here is no chance.
describe("an edge, the owners of its devices, and a bus that loses frames", () => {
  for (let seed = 1; seed <= seeds; seed++) {
    it(`complete every handshake while frames and answers are lost, and use no record number twice, seed ${seed}`, () => {
      const roost = new LossyRoost(seed)
      roost.loss = 0.05
      assert.deepStrictEqual(unfinished(roost), [])
      assert.deepStrictEqual(roost.numbersRepeated, [])
    })

    it(`complete every handshake that met the death of two owners, too, seed ${seed}`, () => {
      const roost = new LossyRoost(seed)
      roost.loss = 0.05
      for (const from of [0, 3_000]) {
        roost.schedule.plan(from + 3_000 * roost.random(), () => roost.replaceOwner(4_000 * roost.random()))
      }
      assert.deepStrictEqual(unfinished(roost), [])
      assert.deepStrictEqual(roost.numbersRepeated, [])
    })

    it(`complete every handshake although an owner discards what comes for a moment, seed ${seed}`, () => {
      const roost = new LossyRoost(seed)
      for (let i = 0; i < 3; i++) roost.schedule.plan(3_000 * roost.random(), () => roost.stall(500))
      assert.deepStrictEqual(unfinished(roost), [])
      assert.deepStrictEqual(roost.numbersRepeated, [])
    })
  }
})
