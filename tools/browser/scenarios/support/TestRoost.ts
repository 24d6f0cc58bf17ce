import { Device } from "@roost/device"
import { RoostProcesses } from "@roost/testkit"

/** Devices of the product `units`, of which one is to be found. */
export const unitCount = 100_000
export const meterSecret = "the-secret-of-the-first-meter"

const model = {
  modelId: "meter",
  attributes: {},
  measurepoints: {
    temp: { name: "Temperature", readOnly: true, data: { dataType: "FLOAT" } },
    limit: { name: "Limit", data: { dataType: "FLOAT" } }
  },
  services: { reset: { name: "Reset", inputData: {}, outputData: {} } },
  events: {}
}

/** A Roost with a meter that has a thing model, a product of raw bytes, and a hundred thousand units that still come in. */
export const startRoost = async () => {
  const roost = await RoostProcesses.start({
    env: { ROOST_CONSOLE_DIR: process.env["ROOST_CONSOLE_DIR"]!, ROOST_WEBHOOK_PRIVATE: "true" }
  })
  const post = async (path: string, body: unknown) => {
    const answer = await roost.registry("POST", path, body)
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }
  await post("/v1/models", model)
  await post("/v1/products", { productKey: "meters", productName: "Water meters", modelId: model.modelId })
  await post("/v1/products", { productKey: "trackers", productName: "Trackers", dataFormat: "Custom" })
  await post("/v1/products", { productKey: "units", productName: "Units" })
  await post("/v1/products/meters/devices", { deviceKey: "meter-1", deviceName: "Meter 1", deviceSecret: meterSecret })
  await post("/v1/products/meters/devices", { deviceKey: "meter-2", deviceName: "Meter 2" })
  await roost.registry("PATCH", "/v1/products/meters/devices/meter-1/tags", { site: "north", floor: "3" })
  const units = importUnits(roost)
  return { roost, units }
}

/** It goes on while other scenarios run. */
const importUnits = async (roost: RoostProcesses): Promise<void> => {
  const lines = Array.from({ length: unitCount }, (_, at) => {
    const key = `unit-${String(at).padStart(6, "0")}`
    return JSON.stringify({ deviceKey: key, deviceName: `Unit ${at}`, deviceSecret: `secret-of-${key}` })
  })
  const answer = await roost.registry("POST", "/v1/products/units/devices:import", lines.join("\n"))
  if (answer.status !== 200) throw new Error(`the import was answered ${answer.status}`)
}

/** The meter, as firmware would be; what it is told to do it does. */
export const meter = (roost: RoostProcesses): Device =>
  new Device({
    host: "127.0.0.1",
    port: roost.udpPort,
    productKey: "meters",
    deviceKey: "meter-1",
    onCommand: () => ({ code: 200, data: {} })
  })

/**
 * Begins a handshake of `meter-2` with a secret that is not its own, and says when, by this process's clock. Silence is the answer: it ends by
 * itself, after some seconds.
 */
export const refusedHandshake = (roost: RoostProcesses, productKey = "meters"): number => {
  const timing = { initialMillis: 1_000, maxMillis: 2_000, transmissionsMax: 2 }
  const liar = new Device({ host: "127.0.0.1", port: roost.udpPort, productKey, deviceKey: "meter-2", timing })
  void liar.connect("a-secret-that-is-wrong").catch(() => liar.close())
  return performance.now()
}
