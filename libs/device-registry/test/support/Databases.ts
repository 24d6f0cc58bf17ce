import { postgresServer, type PostgresServer } from "@roost/testkit"
import { Effect, Exit, Layer, Redacted, Scope } from "effect"
import { randomBytes } from "node:crypto"
import { Client } from "pg"
import { afterAll, beforeAll } from "vitest"
import { layerPostgresSql, layerSqlRegistryStore } from "../../src/index.ts"
import type { PostgresPatience } from "../../src/sql/PostgresPool.ts"
import { layerTemporaryStore } from "./TestRegistry.ts"

/** One server for the tests of a file. */
export const postgresForFile = (): (() => PostgresServer) => {
  const scope = Scope.makeUnsafe()
  let server: PostgresServer
  beforeAll(async () => {
    server = await Effect.runPromise(Scope.provide(postgresServer(), scope))
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return () => server
}

/** The URL of a new, empty database. */
export const newDatabase = async ({ url }: PostgresServer): Promise<string> => {
  const name = `test_${randomBytes(8).toString("hex")}`
  const admin = new Client(url)
  await admin.connect()
  await admin.query(`CREATE DATABASE ${name}`)
  await admin.end()
  return url.replace(/[^/]+$/, name)
}

/** A database on a machine that has no time for it is slow, and not away. */
const patience: PostgresPatience = { statementMillis: 120_000, silenceMillis: 120_000 }

/** An instance of the registry's store on this database. */
export const layerStoreAt = (url: string, withPatience: PostgresPatience = patience) =>
  Layer.fresh(layerSqlRegistryStore.pipe(Layer.provide(layerPostgresSql(Redacted.make(url), withPatience))))

/** The databases of the contract suite: a new store per test. */
export const databases = (server: () => PostgresServer) =>
  [
    { database: "SQLite", layerStore: layerTemporaryStore },
    {
      database: "PostgreSQL",
      layerStore: Layer.unwrap(Effect.promise(async () => layerStoreAt(await newDatabase(server()))))
    }
  ] as const
