import { expect, it } from "vitest"
import { fuzzServer } from "../fuzz/Server.fuzz.ts"

it("no sequence of spoilt datagrams throws, amplifies, leaves state, or keeps an honest device out", () => {
  const seeds = 150
  let established = 0
  for (let seed = 0; seed < seeds; seed++) {
    try {
      established += fuzzServer(seed)
    } catch (cause) {
      throw new Error(`replay with fuzz/Server.fuzz.ts ${seed} 1`, { cause })
    }
  }
  // A fuzzer that never gets past the cookie would prove nothing.
  expect(established).toBeGreaterThan(seeds)
})
