import { DeviceKey, readJson, Secret } from "@roost/enos"
import type { ListedDevice } from "@roost/load"
import { Result, Schema } from "effect"
import { createReadStream, existsSync } from "node:fs"
import { createInterface } from "node:readline"

/** As `devices:import` takes it; here the secret has to be there. */
const Line = Schema.Struct({ deviceKey: DeviceKey, deviceSecret: Secret })
/** Nesting of a line; it has none. */
const depthMax = 4
const decodeLine = Schema.decodeUnknownResult(Line)

/** The devices of lines `first` to `first + count` of an NDJSON file; rejects with the line that is wrong or missing. */
export const readProvisioningFile = async (
  path: string,
  first: number,
  count: number
): Promise<ReadonlyArray<ListedDevice>> => {
  const devices: Array<ListedDevice> = []
  if (!existsSync(path)) throw new Error(`--device-file ${path}: there is no such file`)
  let line = 0
  let index = 0
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    line++
    if (text.trim() === "" || index++ < first) continue
    const read = readJson(Buffer.from(text.replace(/^\uFEFF/, "")), depthMax)
    if (Result.isFailure(read)) {
      throw new Error(`${path} line ${line}: expected ${read.failure.expected}, got ${read.failure.got}`)
    }
    const device = decodeLine(read.success)
    if (Result.isFailure(device)) {
      throw new Error(`${path} line ${line}: expected {"deviceKey","deviceSecret"}: ${device.failure.message}`)
    }
    devices.push(device.success)
    if (devices.length === count) return devices
  }
  throw new Error(`${path} has ${index} devices: ${first + count} are needed. Give --devices`)
}
