import type { PostgresServer } from "@roost/testkit"
import { Effect } from "effect"
import { setTimeout as sleep } from "node:timers/promises"

export type DatabaseFaultKind = "postgres-stop" | "postgres-freeze" | "postgres-slow" | "postgres-restart"

/** Of every second PostgreSQL works for this long when it is slow. */
const worksMillis = 100
const standsMillis = 900

export const databaseFault = async (
  kind: DatabaseFaultKind,
  postgres: PostgresServer,
  lastsMillis: number
): Promise<void> => {
  switch (kind) {
    case "postgres-stop":
    case "postgres-restart":
      await Effect.runPromise(postgres.stop)
      await sleep(lastsMillis)
      return Effect.runPromise(postgres.start)
    case "postgres-freeze":
      return standStill(postgres, lastsMillis)
    case "postgres-slow":
      for (const end = Date.now() + lastsMillis; Date.now() < end;) {
        await standStill(postgres, standsMillis)
        await sleep(worksMillis)
      }
      return
  }
}

const standStill = async (postgres: PostgresServer, millis: number): Promise<void> => {
  await Effect.runPromise(postgres.freeze)
  await sleep(millis)
  await Effect.runPromise(postgres.thaw)
}
