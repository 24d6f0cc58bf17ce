import { RoostProcesses } from "@roost/testkit"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { resolve } from "node:path"
import { run } from "./Toolbox.ts"

/** A Roost on free ports of 127.0.0.1 with a device that came once, and a receiver for its webhooks. */
export interface TestRoost {
  readonly services: ReadonlyArray<{ readonly name: string; readonly url: string }>
  readonly token: string
  /** The surroundings that the tools and the scenarios read. */
  readonly env: Readonly<Record<string, string>>
  readonly stop: () => Promise<void>
}

const known = { productKey: "known", deviceKey: "meter", modelId: "known-model" }
const deviceSecret = "the-secret-of-the-known-meter"

export const startRoost = async (): Promise<TestRoost> => {
  const receiver = createServer((request, response) => {
    request.resume()
    response.writeHead(204).end()
  })
  await new Promise<void>((listening) => receiver.listen(0, "127.0.0.1", listening))
  const roost = await RoostProcesses.start({ form: "source", env: { ROOST_WEBHOOK_PRIVATE: "true" } })
  const stop = async () => {
    await roost[Symbol.asyncDispose]()
    receiver.close()
  }
  try {
    await make(roost)
  } catch (error) {
    await stop()
    throw error
  }
  const services = [
    { name: "registry", url: roost.registryUrl },
    { name: "downlink-queue", url: roost.downlinkUrls[0]! }
  ]
  const env = {
    ROOST_REGISTRY: roost.registryUrl,
    ROOST_DOWNLINK: roost.downlinkUrls[0]!,
    ROOST_API_TOKEN: roost.token,
    ROOST_RECEIVER: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/events`,
    ROOST_KNOWN: JSON.stringify(known),
    ROOST_PRODUCT: known.productKey,
    ROOST_DEVICE: known.deviceKey
  }
  return { services, token: roost.token, env, stop }
}

const make = async (roost: RoostProcesses): Promise<void> => {
  const post = async (path: string, body: unknown) => {
    const answer = await roost.registry("POST", path, body)
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  await post("/v1/models", { modelId: known.modelId, attributes: {}, measurepoints: {}, services: {}, events: {} })
  await post("/v1/products", { productKey: known.productKey, productName: "Known", dataFormat: "Json" })
  await post(`/v1/products/${known.productKey}/devices`, { deviceKey: known.deviceKey, deviceSecret })
  // Commands are for devices that came once.
  const device = await run(
    process.execPath,
    [
      [resolve(import.meta.dirname, "../../device/src/main.ts"), "--server", `127.0.0.1:${roost.udpPort}`],
      ["--product-key", known.productKey, "--device-key", known.deviceKey, "--device-secret", deviceSecret],
      ["--count", "1", "--quiet"]
    ].flat()
  )
  if (!device.ok) throw new Error(`the device could not report:\n${device.output}`)
}
