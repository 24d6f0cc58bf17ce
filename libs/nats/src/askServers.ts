import { Buckets } from "@roost/contracts"
import { Clock, Effect } from "effect"
import { openBucket } from "./Bucket.ts"
import { askMillis, Durability, durabilityKey, serverOf } from "./Durability.ts"
import { fromClient } from "./internal/fromClient.ts"
import { systemConnection } from "./NatsConnection.ts"

/** How long servers have to answer. */
const answersMillis = 1_000

/**
 * Asks every server, again each minute, how often it writes to the disk, and puts that into the bucket STORE for all apps. Needs a login
 * of the system account (`ROOST_NATS_SYSTEM_USER` and so on): no other is told.
 */
export const askServers = Effect.gen(function* () {
  const system = yield* systemConnection
  if (system === undefined) return
  const bucket = yield* openBucket(Buckets.store, Durability)
  const ask = Effect.gen(function* () {
    const answers = yield* fromClient("question to every server", async () => {
      const found: Array<unknown> = []
      const options = { strategy: "timer", maxWait: answersMillis } as const
      for await (const answer of await system.client.requestMany("$SYS.REQ.SERVER.PING.JSZ", "{}", options)) {
        found.push(answer.json())
      }
      return found
    })
    const servers = answers.map(serverOf).filter((server) => server !== undefined)
    yield* bucket.put(durabilityKey, { at: yield* Clock.currentTimeMillis, servers })
  })
  yield* ask.pipe(
    Effect.catch((error) => Effect.logWarning(`the servers could not be asked how often they sync: ${error.message}`)),
    Effect.andThen(Effect.sleep(askMillis)),
    Effect.forever,
    Effect.forkScoped
  )
})
