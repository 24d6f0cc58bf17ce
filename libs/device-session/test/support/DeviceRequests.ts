import { Code, formatCode, OptionNumber, stringOption } from "@roost/coap"
import type { SimulatedDevice } from "./SimulatedDevice.ts"

export const bytes = (text: string) => new TextEncoder().encode(text)

export const requestOf = (code: number, path: string, payload = "") => ({
  code,
  confirmable: true,
  options: path.split("/").map((segment) => stringOption(OptionNumber.UriPath, segment)),
  payload: bytes(payload)
})

export const own = (device: SimulatedDevice, name: string) => `topic/sys/pk1/${device.deviceKey}/${name}`

export const post = (device: SimulatedDevice, id = "1") =>
  device.request(
    requestOf(
      Code.Post,
      own(device, "thing/measurepoint/post"),
      `{"id":"${id}","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{}}}`
    )
  )

export const codeOf = (response: { code: number } | undefined) =>
  response === undefined ? undefined : formatCode(response.code)
