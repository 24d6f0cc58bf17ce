import * as Result from "effect/Result"
import { decodeStoredSession, encodeStoredSession } from "../src/state/StoredSession.ts"
import { World } from "../test/support/World.ts"

const records = (): ReadonlyArray<Uint8Array> => {
  const world = new World()
  world.device("dev1", 1000, { connectionId: new Uint8Array(0) }).connect()
  world.device("dev2", 1001).connect()
  return [...world.store.entries.values()].map(({ record }) => record)
}

/** Milliseconds since 1970. */
const wallNow = 1_700_000_000_000

export const fuzzTargets = [
  {
    name: "stored-session",
    seeds: records,
    run: (input: Uint8Array) => {
      const stored = decodeStoredSession(input, wallNow)
      if (Result.isFailure(stored)) return
      const written = encodeStoredSession(stored.success, stored.success.dtls.writeLimit).slice()
      const again = decodeStoredSession(written, wallNow)
      if (Result.isFailure(again)) throw new Error("a session can't be read when it is written")
      if (Buffer.compare(encodeStoredSession(again.success, again.success.dtls.writeLimit), written) !== 0) {
        throw new Error("another session comes back")
      }
    }
  }
]
