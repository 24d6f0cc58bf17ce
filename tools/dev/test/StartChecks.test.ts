import { once } from "node:events"
import { type AddressInfo, createServer, type Server } from "node:net"
import { createSocket, type Socket } from "node:dgram"
import { configurationFaults, configuredBy } from "@roost/observability"
import { ConfigProvider, Effect } from "effect"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { readAppLine } from "../src/AppLines.ts"
import { DevConfig } from "../src/DevConfig.ts"
import { portFaults } from "../src/PortCheck.ts"

const configOf = (env: Readonly<Record<string, string>>) =>
  Effect.runPromise(DevConfig.parse(ConfigProvider.fromUnknown(env)))

describe("npm start, before it starts anything,", () => {
  let tcp: Server
  let udp: Socket
  beforeEach(async () => {
    tcp = createServer()
    udp = createSocket("udp4")
    tcp.listen(0, "127.0.0.1")
    await once(tcp, "listening")
    udp.bind(0, "127.0.0.1")
    await once(udp, "listening")
  })
  afterEach(() => {
    tcp.close()
    udp.close()
  })

  it("names all ports that others have, and one that is given twice", async () => {
    const taken = String((tcp.address() as AddressInfo).port)
    const config = await configOf({
      NATS_URL: "nats://127.0.0.1:4222",
      ROOST_UDP_HOST: "127.0.0.1",
      ROOST_UDP_PORT: String(udp.address().port),
      ROOST_REGISTRY_PORT: taken,
      ROOST_DOWNLINK_PORT: taken,
      ROOST_EDGE_PORT: taken
    })
    const faults = await portFaults(config)
    assert.deepStrictEqual(
      faults.slice(0, 4).map((fault) => fault.replaceAll(/\(.*|\d+/g, "…")),
      [
        "ROOST_UDP_PORT: another process has UDP port … …",
        "ROOST_REGISTRY_PORT: another process has TCP port … …",
        "ROOST_DOWNLINK_PORT: port … is that of ROOST_REGISTRY_PORT too; set one of them to another",
        "ROOST_EDGE_PORT: port … is that of ROOST_DOWNLINK_PORT too; set one of them to another"
      ]
    )
  })

  it("names everything that is no port", async () => {
    const env = { ROOST_UDP_PORT: "abc", ROOST_NATS_PORT: "99999" }
    const faults = await Effect.runPromise(configurationFaults([DevConfig], configuredBy(env)))
    assert.deepStrictEqual(
      faults.map(({ text }) => text),
      [
        'ROOST_NATS_PORT: expected a whole number from 1 to 65535; it is "99999"',
        'ROOST_UDP_PORT: expected a whole number from 1 to 65535; it is "abc"'
      ]
    )
  })
})

describe("a line of an app's log", () => {
  const json = (level: string, message: string) => JSON.stringify({ timestamp: "", level, app: "registry", message })

  it("is shown where it tells of a problem", () => {
    assert.isUndefined(readAppLine(json("INFO", "ready after 1.0 s"), true))
    assert.deepStrictEqual(readAppLine(json("WARN", 'lost "n1"'), true), { _tag: "Problem", text: 'lost "n1"' })
    assert.isUndefined(readAppLine("(node:1) Warning", true))
  })

  it("ends the start where the configuration is wrong, and is left out where the start says it itself", () => {
    const wrong = readAppLine(json("FATAL", "configuration: ROOST_X: expected y"), false)
    assert.deepStrictEqual(wrong, { _tag: "Misconfigured", text: "ROOST_X: expected y" })
    assert.isUndefined(readAppLine(json("WARN", "not ready: nats: away"), false))
    assert.deepStrictEqual(readAppLine(json("WARN", "not ready: nats: away"), true)?._tag, "Problem")
    assert.isUndefined(readAppLine(json("WARN", "configuration: nothing reads ROOST_Y"), true))
  })
})
