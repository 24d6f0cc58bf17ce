import { eventually, postgresServer, type PostgresServer, RoostProcesses } from "@roost/testkit"
import { Effect, Exit, Scope } from "effect"
import { Client } from "pg"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { Uplinks } from "./uplinks.ts"

// Two processes that share a sink, PostgreSQL and nats-server as processes, each of which dies while uplinks come.

/** Rounds of uplinks, with a fault between two. */
const perRound = 2_000

let roost: RoostProcesses
let database: PostgresServer
const scope = Effect.runSync(Scope.make())
beforeAll(async () => {
  database = await Effect.runPromise(Scope.provide(postgresServer(), scope))
  roost = await RoostProcesses.start({ sinks: 2, env: { ROOST_LOG_LEVEL: "Info" } })
})
afterAll(async () => {
  await roost?.[Symbol.asyncDispose]()
  await Effect.runPromise(Scope.close(scope, Exit.void))
})

const sinkApps = () => roost.apps.filter(({ app }) => app === "sinks")

/** The rows of a query; none while the database is away. */
const rowsOf = async (query: string): Promise<ReadonlyArray<Readonly<Record<string, unknown>>>> => {
  const client = new Client({ connectionString: database.url, connectionTimeoutMillis: 5_000 })
  client.on("error", () => {})
  try {
    await client.connect()
    return (await client.query(query)).rows
  } catch {
    return []
  } finally {
    await client.end()
  }
}

const counted = async () => {
  const [row] = await rowsOf("SELECT count(*)::int AS rows, count(DISTINCT number)::int AS uplinks FROM roost_points")
  return { rows: Number(row?.["rows"] ?? 0), uplinks: Number(row?.["uplinks"] ?? 0) }
}

describe("a PostgreSQL sink", () => {
  it("has every acknowledged uplink once, whatever died meanwhile", async () => {
    const made = await roost.registry("POST", "/v1/sinks", {
      name: "chaos",
      kinds: ["uplink"],
      target: { type: "postgres", url: database.url }
    })
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    await using uplinks = await Uplinks.of(roost)
    const [first, second] = sinkApps()
    const faults: ReadonlyArray<() => Promise<unknown>> = [
      async () => void (await first!.stop("SIGKILL")),
      () => Effect.runPromise(database.stop),
      () => Effect.runPromise(database.start),
      async () => (first!.start(), await first!.ready()),
      () => Effect.runPromise(roost.nats[0]!.stop("SIGKILL")).then(() => Effect.runPromise(roost.nats[0]!.start)),
      () => Effect.runPromise(database.freeze),
      () => Effect.runPromise(database.thaw),
      async () => (await second!.stop("SIGTERM"), second!.start(), await second!.ready()),
      () => Effect.runPromise(database.stop).then(() => Effect.runPromise(database.start)),
      async () => void (await second!.stop("SIGKILL"))
    ]
    for (const fault of faults) {
      const storing = uplinks.store(perRound)
      await new Promise((resume) => setTimeout(resume, 300))
      await fault()
      await storing
    }
    await uplinks.store(perRound)
    const wanted = uplinks.acknowledged
    assert.strictEqual(wanted, perRound * (faults.length + 1))
    const found = await eventually(counted, ({ uplinks }) => uplinks >= wanted)
    assert.deepStrictEqual(found, { rows: wanted, uplinks: wanted })
    const { body } = await roost.registry("GET", `/v1/sinks/${made.body.sinkId}`)
    assert.deepInclude(body, { dead: 0 })
    assert.strictEqual(body.status.health, "healthy")

    // All of it once more changes nothing.
    const replayed = await roost.registry("POST", `/v1/sinks/${made.body.sinkId}:replay`, { from: 0 })
    assert.strictEqual(replayed.status, 200)
    await uplinks.store(1)
    await eventually(counted, ({ uplinks }) => uplinks === wanted + 1)
    assert.deepStrictEqual(await counted(), { rows: wanted + 1, uplinks: wanted + 1 })
  })

  it("never shows its password, says what is wrong with its target, and what to do", async () => {
    const url = database.url.replace("roost@", "nobody@")
    const target = { type: "postgres", url, password: "hunter2hunter2" }
    const made = await roost.registry("POST", "/v1/sinks", { name: "wrong", kinds: ["uplink"], target })
    assert.strictEqual(made.body.target.hasPassword, true)
    const path = `/v1/sinks/${made.body.sinkId}`
    const tried = await roost.registry("POST", `${path}:test`)
    assert.deepInclude(tried.body, { reached: false, code: "sink-login" })
    assert.match(tried.body.cure, /Compare them/)
    const answers = await Promise.all(["/v1/sinks", path].map((each) => roost.registry("GET", each)))
    assert.notInclude(JSON.stringify(answers), "hunter2")
    // Sent back as it was read it changes nothing; another address does not get the password of the one before.
    const put = await roost.registry("PUT", path, answers[1]!.body)
    assert.deepInclude(put.body.target, { hasPassword: true })
    const elsewhere = { ...answers[1]!.body, target: { type: "postgres", url: "postgres://nobody@203.0.113.1/x" } }
    assert.deepInclude((await roost.registry("PUT", path, elsewhere)).body.target, { hasPassword: false })
    assert.strictEqual((await roost.registry("DELETE", path)).status, 204)
  })

  it("has a view of the thing model", async () => {
    const point = { desc: "p", data: { dataType: "DOUBLE" } }
    const model = { modelId: "chaos", attributes: {}, measurepoints: { n: point }, services: {}, events: {} }
    assert.strictEqual((await roost.registry("POST", "/v1/models", model)).status, 201)
    const product = { productKey: "pk", productName: "pk", modelId: "chaos" }
    assert.strictEqual((await roost.registry("POST", "/v1/products", product)).status, 201)
    await using uplinks = await Uplinks.of(roost)
    const rows = async () => {
      await uplinks.store(1)
      return rowsOf("SELECT device, n FROM roost_points_chaos WHERE n = 1 LIMIT 1")
    }
    const found = await eventually(rows, (all) => all.length === 1)
    assert.deepStrictEqual([...found], [{ device: "d1", n: 1 }])
  })
})
