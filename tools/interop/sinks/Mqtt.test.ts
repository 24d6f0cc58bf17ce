import { childProcess, type ChildProcess, eventually, freeTcpPort, RoostProcesses } from "@roost/testkit"
import { Effect, Exit, Scope } from "effect"
import { connectAsync, type IPublishPacket } from "mqtt"
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { Uplinks } from "./uplinks.ts"

// A real broker, Debian's mosquitto, with a password and TLS, which is restarted meanwhile.

const mosquitto = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto"].find((path) =>
  existsSync(path)
)
const isThere = mosquitto !== undefined
if (!isThere) process.stdout.write("left out: the MQTT sink, for want of mosquitto (apt-get install mosquitto)\n")

const folder = mkdtempSync(join(tmpdir(), "roost-mqtt-"))
const run = (command: string, ...args: ReadonlyArray<string>) =>
  execFileSync(command, args, { cwd: folder, stdio: "pipe" })
let roost: RoostProcesses
let port: number
let broker: { readonly process: ChildProcess; readonly scope: Scope.Closeable } | undefined

const start = async () => {
  const scope = Effect.runSync(Scope.make())
  const process = await Effect.runPromise(
    childProcess({
      command: mosquitto!,
      args: ["-c", join(folder, "mosquitto.conf")],
      cwd: folder,
      env: {},
      readyWhen: /running/
    }).pipe(Scope.provide(scope))
  )
  broker = { process, scope }
}
const stop = async () => {
  if (broker !== undefined) await Effect.runPromise(Scope.close(broker.scope, Exit.void))
  broker = undefined
}

beforeAll(async () => {
  if (!isThere) return
  port = await Effect.runPromise(freeTcpPort)
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
  run(
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    "key.pem",
    "-out",
    "ca.pem",
    "-days",
    "2",
    ...subject
  )
  run("mosquitto_passwd", "-c", "-b", "passwd", "roost", "s3cret")
  writeFileSync(
    join(folder, "mosquitto.conf"),
    `listener ${port} 127.0.0.1\nallow_anonymous false\npassword_file ${folder}/passwd\nuser root\n` +
      `certfile ${folder}/ca.pem\nkeyfile ${folder}/key.pem\nlog_dest stderr\n`
  )
  await start()
  roost = await RoostProcesses.start({ sinks: 1 })
})
afterAll(async () => {
  await roost?.[Symbol.asyncDispose]()
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

describe("an MQTT sink", () => {
  it.runIf(isThere)("publishes every uplink with its id, also after the broker was away", async () => {
    const ca = execFileSync("cat", [join(folder, "ca.pem")], { encoding: "utf8" })
    const url = `mqtts://roost@127.0.0.1:${port}`
    const target = { type: "mqtt", url, password: "s3cret", ca, topic: "iot/{productKey}/{deviceKey}/{kind}" }
    const made = await roost.registry("POST", "/v1/sinks", { name: "broker", kinds: ["uplink"], target })
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    const tried = await roost.registry("POST", `/v1/sinks/${made.body.sinkId}:test`)
    assert.deepInclude(tried.body, { reached: true })

    const ids = new Set<string>()
    const topics = new Set<string>()
    const listen = async () => {
      const client = await connectAsync(`mqtts://127.0.0.1:${port}`, {
        protocolVersion: 5,
        username: "roost",
        password: "s3cret",
        ca,
        clean: true,
        reconnectPeriod: 0
      })
      client.on("error", () => {})
      client.on("message", (topic, _, packet: IPublishPacket) => {
        topics.add(topic)
        ids.add(String(packet.properties?.userProperties?.["id"]))
      })
      await client.subscribeAsync("iot/#", { qos: 1 })
      return client
    }
    const before = await listen()
    await using uplinks = await Uplinks.of(roost)
    await uplinks.store(500)
    await eventually(() => ids.size === 500)
    assert.isTrue(topics.has("iot/pk/d7/measurepoint"), [...topics].join())
    before.end(true)

    await stop()
    await uplinks.store(500)
    const status = await eventually(
      async () => (await roost.registry("GET", `/v1/sinks/${made.body.sinkId}`)).body.status,
      ({ health }) => health === "failing"
    )
    assert.match(status.error, /^the broker at 127\.0\.0\.1:\d+/)
    await start()
    const after = await listen()
    await uplinks.store(100)
    await eventually(() => ids.size > 600)
    const { body } = await roost.registry("GET", `/v1/sinks/${made.body.sinkId}`)
    assert.deepInclude(body, { dead: 0 })
    after.end(true)
    const wrong = { ...target, password: "wrong" }
    await roost.registry("PUT", `/v1/sinks/${made.body.sinkId}`, { name: "broker", kinds: ["uplink"], target: wrong })
    const refused = await roost.registry("POST", `/v1/sinks/${made.body.sinkId}:test`)
    assert.deepInclude(refused.body, { reached: false, code: "sink-login" })
  })
})
