import { decode, formatCode } from "@roost/coap"
import { Device } from "@roost/device"
import { type CipherSuite, TLS_PSK_WITH_AES_128_CBC_SHA256, TLS_PSK_WITH_AES_128_CCM_8 } from "@roost/dtls"
import { eventually, RoostProcesses } from "@roost/testkit"
import * as Result from "effect/Result"
import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createDevice, createProduct, type TestDevice } from "../src/Fixtures.ts"

// Recordings of devices on a real Roost, as Wireshark reads them.

let roost: RoostProcesses
const product = "pkFlight"
const directory = mkdtempSync(join(tmpdir(), "roost-flight-"))
const tshark = ["/usr/bin/tshark", "/usr/local/bin/tshark", "/opt/homebrew/bin/tshark"].find(existsSync)
// Where there is none, what Wireshark would read is left out of account; CI has one.
if (tshark === undefined && process.env["ROOST_REQUIRE_TSHARK"] === "true")
  throw new Error("expected tshark; apt-get install tshark")
const run = promisify(execFile)

beforeAll(async () => {
  roost = await RoostProcesses.start()
  await createProduct(roost, product)
})
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true })
  await roost?.[Symbol.asyncDispose]()
})

const ok = async (method: string, path: string, body?: unknown) => {
  const answer = await roost.registry(method, path, body)
  assert.isBelow(answer.status, 300, `${method} ${path}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

interface Entry {
  readonly what: { readonly _tag: string; readonly direction?: string; readonly bytes?: string }
  readonly coap?: {
    readonly code: string
    readonly messageId: number
    readonly token: string
    readonly payload: string
  }
}
const entriesOf = async (id: string): Promise<ReadonlyArray<Entry>> => (await ok("GET", `/v1/recordings/${id}`)).entries

const begin = async (deviceKey: string, secrets: boolean): Promise<string> => {
  const { id } = await ok("POST", "/v1/recordings", { productKey: product, deviceKey, minutes: 5, secrets })
  // Processes hear of it at once, on a bus that tells nobody when.
  await new Promise((resume) => setTimeout(resume, 300))
  return id
}

const pcapng = async (id: string, secrets: boolean): Promise<string> => {
  const response = await fetch(`${roost.registryUrl}/v1/recordings/${id}/pcapng?secrets=${secrets}`, {
    headers: { authorization: `Bearer ${roost.token}` }
  })
  assert.strictEqual(response.headers.get("content-type"), "application/x-pcapng")
  const file = join(directory, `${id}-${secrets}.pcapng`)
  writeFileSync(file, new Uint8Array(await response.arrayBuffer()))
  return file
}

interface Packet {
  readonly _source: {
    readonly layers: {
      readonly frame: { readonly "frame.interface_id": string }
      readonly coap: Readonly<Record<string, string>> & { readonly "coap.payload_raw"?: readonly [hex: string] }
    }
  }
}

/** The CoAP messages that Wireshark finds, each with the interface on which it does. */
const read = async (file: string): Promise<ReadonlyArray<{ readonly on: string; readonly message: string }>> => {
  const { stdout } = await run(tshark!, ["-r", file, "-Y", "coap", "-T", "json", "-x"])
  return (JSON.parse(stdout) as ReadonlyArray<Packet>).map(({ _source: { layers } }) => {
    const { coap, frame } = layers
    const token = coap["coap.token"]?.replaceAll(":", "") ?? ""
    const [payload = ""] = coap["coap.payload_raw"] ?? []
    const message = `${formatCode(Number(coap["coap.code"]))} ${coap["coap.mid"]} ${token} ${payload}`.trim()
    return { on: frame["frame.interface_id"], message }
  })
}

/** Of the recording's JSON: the same messages, as Roost had them. */
const messagesOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<string> =>
  entries.flatMap(({ what }) => {
    if (what._tag !== "Message") return []
    const { code, messageId, payload, token } = Result.getOrThrow(decode(Buffer.from(what.bytes!, "base64")))
    return [`${formatCode(code)} ${messageId} ${token.toHex()} ${Buffer.from(payload).toString("hex")}`.trim()]
  })

const software = ({ deviceKey, productKey }: TestDevice, suite: CipherSuite, connectionId: boolean) =>
  new Device({ host: "127.0.0.1", port: roost.udpPort, productKey, deviceKey, suites: [suite], connectionId })

describe("a flight recording", () => {
  for (const [name, suite] of [
    ["CCM_8", TLS_PSK_WITH_AES_128_CCM_8],
    ["CBC_SHA256", TLS_PSK_WITH_AES_128_CBC_SHA256]
  ] as const) {
    for (const connectionId of [true, false]) {
      const way = `${name}, ${connectionId ? "with" : "without"} connection id`
      it(`is read by Wireshark, ${way}`, async () => {
        const device = await createDevice(roost, product, `${name}-${connectionId}`)
        const client = software(device, suite, connectionId)
        const whole = await begin(device.deviceKey, true)
        await client.connect(device.deviceSecret)
        const late = await begin(device.deviceKey, false)
        await client.report({ temp: 21.5 })
        await client.report({ temp: 22 })
        for (const id of [whole, late]) {
          const entries = await eventually(
            () => entriesOf(id),
            (found) => messagesOf(found).length >= 4
          )
          const expected = messagesOf(entries)
          const file = await pcapng(id, false)
          if (tshark === undefined) continue
          const plain = await read(file)
          assert.deepStrictEqual(
            plain.map(({ message, on }) => [on, message]),
            expected.map((message) => ["1", message])
          )
        }
        if (tshark === undefined) return client.close()
        // Opened by the secrets, each record has the message that stands beside it.
        const opened = await read(await pcapng(whole, true))
        const expected = messagesOf(await entriesOf(whole))
        for (const on of ["0", "1"]) {
          const found = opened.filter((packet) => packet.on === on).map(({ message }) => message)
          assert.deepStrictEqual(found, expected, `interface ${on}`)
        }
        return client.close()
      })
    }
  }

  it("tells who had the secrets, and is forgotten when it is deleted", async () => {
    const device = await createDevice(roost, product, "told")
    const id = await begin(device.deviceKey, true)
    await pcapng(id, true)
    await eventually(
      async () => (await ok("GET", `/v1/products/${product}/devices/told/events`)).events,
      (events: ReadonlyArray<{ kind: string }>) =>
        ["recording-begun", "secrets-exported"].every((kind) => events.some((event) => event.kind === kind))
    )
    const support = await ok("GET", `/v1/products/${product}/devices/told/support`)
    assert.strictEqual(support.recordings[0].recording.id, id)
    assert.notInclude(JSON.stringify(support), device.deviceSecret)
    await ok("DELETE", `/v1/recordings/${id}`)
    assert.strictEqual((await roost.registry("GET", `/v1/recordings/${id}`)).status, 404)
  })
})
