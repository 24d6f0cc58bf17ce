import { assert, it } from "@effect/vitest"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import { Device } from "@roost/device"
import { loginsOf, RoostProcesses, temporaryDirectory } from "@roost/testkit"
import { Effect } from "effect"
import { randomBytes } from "node:crypto"
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { exitCodes } from "../src/ExitCode.ts"
import { run } from "./support/InProcess.ts"

const productKey = "meters"
const deviceKey = "meter-1"
const deviceSecret = "secret-of-the-meter"
const path = `/v1/products/${productKey}/devices/${deviceKey}`

it.live(
  "a backup that is restored on an empty machine lets in what it knows, with uplinks and commands that waited, and without a session (trust B1)",
  Effect.fnUntraced(function* () {
    const folder = yield* temporaryDirectory
    const [backup, data, config] = ["backup", "data", "registry.env"].map((name) => join(folder, name)) as [
      string,
      string,
      string
    ]
    const keys = {
      ROOST_CLUSTER_KEY: randomBytes(32).toString("hex"),
      ROOST_REGISTRY_KEY: randomBytes(32).toString("hex")
    }
    const env = { ...keys, ROOST_DATA_DIR: data }
    const roost = yield* Effect.acquireRelease(
      Effect.promise(() => RoostProcesses.start({ env })),
      (started) => Effect.promise(() => started[Symbol.asyncDispose]())
    )
    const variables = { ...env, NATS_URL: roost.natsUrl, ...loginsOf("registry", roost.nats[0]!.passwords) }
    writeFileSync(
      config,
      Object.entries(variables)
        .map(([name, value]) => `${name}=${value}\n`)
        .join("")
    )
    const roostCommand = (...words: ReadonlyArray<string>) => run("http://127.0.0.1:1", words)
    const restore = (...words: ReadonlyArray<string>) => roostCommand("restore", "--config", config, ...words)
    const request = (method: string, to: string, body?: unknown) =>
      Effect.promise(async () => {
        const answer = await roost.registry(method, to, body)
        assert.isBelow(answer.status, 300, JSON.stringify(answer.body))
        return answer.body
      })

    yield* request("POST", "/v1/products", { productKey, productName: "Meters" })
    yield* request("POST", `/v1/products/${productKey}/devices`, { deviceKey, deviceSecret })
    yield* Effect.promise(() => post(deviceAt(roost), 1))
    yield* request("POST", `${path}/services/open:invoke`, { inputData: { angle: 90 }, pendingTtl: 3_600 })
    const made = yield* roostCommand("backup", "--config", config, backup)
    assert.strictEqual(made.code, 0, made.text)
    assert.match(made.told, /^UPLINK: 1 messages, 0\.\d MB$/m)
    assert.match(made.told, /^devices: 1 rows, /m)
    // Changes from here on are lost.
    yield* request("POST", `${path}:rotate-secret`, {})

    const streams = readdirSync(join(backup, "streams")).map((file) => file.split(".")[0])
    assert.includeMembers(streams, ["UPLINK", "KV_COMMANDS", "KV_WEBHOOKS"])
    for (const never of ["KV_SESSIONS", "KV_LEASES", "KV_CONSOLE", "CREDENTIAL"]) assert.notInclude(streams, never)
    for (const key of Object.values(keys)) assert.notInclude(textOf(backup), key)
    assert.strictEqual((yield* roostCommand("backup", "--config", config, backup)).code, exitCodes.conflict.code)
    assert.match((yield* restore(backup)).text, /apps of this nats-server run: .*registry/)

    yield* Effect.promise(async () => {
      await Promise.all(roost.apps.map((app) => app.stop()))
    })
    assert.match((yield* restore(backup)).text, /there is something already: 1 products, /)
    yield* Effect.promise(() => empty(roost, data))
    const damaged = join(folder, "damaged")
    cpSync(backup, damaged, { recursive: true })
    writeFileSync(join(damaged, "database/devices.ndjson"), "\n", { flag: "a" })
    assert.match((yield* restore(damaged)).text, /devices\.ndjson is damaged: it has \d+ bytes/)
    const newer = JSON.parse(readFileSync(join(damaged, "manifest.json"), "utf8")) as object
    writeFileSync(join(damaged, "manifest.json"), JSON.stringify({ ...newer, format: 2 }))
    assert.match((yield* restore(damaged)).text, /is a backup of format 2, and this roost knows formats up to 1/)
    const others = join(folder, "others.env")
    writeFileSync(others, readFileSync(config, "utf8").replaceAll(keys.ROOST_REGISTRY_KEY, "1".repeat(64)))
    const refused = yield* roostCommand("restore", "--config", others, backup)
    assert.strictEqual(refused.code, exitCodes.conflict.code)
    assert.match(refused.text, /sealed under the key [0-9a-f]{8}; those here are /)

    const restored = yield* restore(backup)
    assert.strictEqual(restored.code, 0, restored.text)
    let handshakes = 0
    const commands: Array<string> = []
    const device = deviceAt(roost, commands, () => handshakes++)
    yield* Effect.promise(async () => {
      for (const app of roost.apps) app.start()
      await Promise.all(roost.apps.map((app) => app.ready()))
      await device.connect(deviceSecret)
      await device.report({ temp: 2 })
      // The app that takes the session over finds nothing that says that its credential was changed.
      await roost.restart("session-actors", "SIGTERM")
      await device.report({ temp: 3 })
      await device.close()
    })
    assert.strictEqual(handshakes, 1)
    assert.deepStrictEqual(commands, ["thing.service.open"])
    assert.lengthOf((yield* request("GET", `${path}/uplinks`)).uplinks, 3)
  }),
  300_000
)

const deviceAt = (roost: RoostProcesses, commands: Array<string> = [], onHandshake = () => {}) =>
  new Device({
    host: "127.0.0.1",
    port: roost.udpPort,
    productKey,
    deviceKey,
    onCommand: ({ method }) => {
      commands.push(method)
      return { code: 200, data: {} }
    },
    onEvent: ({ _tag }) => {
      if (_tag === "Connecting") onHandshake()
    }
  })

const post = async (device: Device, temp: number): Promise<void> => {
  await device.connect(deviceSecret)
  await device.report({ temp })
  device.abandon()
}

const empty = async (roost: RoostProcesses, data: string): Promise<void> => {
  rmSync(data, { recursive: true })
  const client = await connect({ servers: roost.natsUrl })
  const { streams } = await jetstreamManager(client)
  for await (const name of streams.names()) await streams.delete(name)
  await client.close()
}

const textOf = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join()
