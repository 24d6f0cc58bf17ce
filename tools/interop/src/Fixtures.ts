import { pskFromSecret } from "@roost/enos"
import type { RoostProcesses } from "@roost/testkit"

/** A device that was registered for a test. */
export interface TestDevice {
  readonly productKey: string
  readonly deviceKey: string
  readonly deviceSecret: string
  readonly psk: Uint8Array
  readonly identity: string
  /** Uri-Path of one of the device's topics. */
  readonly path: (name: string) => string
}

/** A secret whose key can stand on a command line: no NUL, no line feed (see CoapClient). */
export const secretFor = (name: string): string => {
  for (let i = 0; ; i++) {
    const secret = `${name}-secret-of-its-own-${i}`
    if (pskFromSecret(secret).every((byte) => byte !== 0 && byte !== 10)) return secret
  }
}

export const createProduct = async (
  roost: RoostProcesses,
  productKey: string,
  more: Readonly<Record<string, unknown>> = {}
): Promise<{ readonly productKey: string; readonly productSecret: string }> => {
  const productSecret = secretFor(productKey)
  const body = { productName: productKey, productKey, productSecret, ...more }
  const answer = await roost.registry("POST", "/v1/products", body)
  if (answer.status !== 201) throw new Error(`product ${productKey}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return { productKey, productSecret }
}

export const createDevice = async (
  roost: RoostProcesses,
  productKey: string,
  deviceKey: string,
  lifetimeSeconds = 300
): Promise<TestDevice> => {
  const deviceSecret = secretFor(deviceKey)
  const answer = await roost.registry("POST", `/v1/products/${productKey}/devices`, { deviceKey, deviceSecret })
  if (answer.status !== 201) throw new Error(`device ${deviceKey}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return {
    productKey,
    deviceKey,
    deviceSecret,
    psk: pskFromSecret(deviceSecret),
    identity: `${productKey},${deviceKey},2,${lifetimeSeconds}`,
    path: (name) => `/topic/sys/${productKey}/${deviceKey}/${name}`
  }
}

export const measurepointPost = (id: string, points: Readonly<Record<string, unknown>> = { temp: 21.5 }): string =>
  JSON.stringify({ id, version: "1.0", method: "thing.measurepoint.post", params: { measurepoints: points, time: 1 } })
