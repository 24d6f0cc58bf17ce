import { pskFromSecret } from "@roost/enos"
import { ask, type HttpAnswer } from "./HttpAsk.ts"
import type { Secrets } from "./Secrets.ts"

export const demoProduct = "demo"
/** The built-in device: it fetches its own secret with the product's. */
export const demoMeter = "demo-meter"
/** For coap-client: its secret is known here. */
export const demoCli = "demo-cli"

/** Creates the demo product and its two devices through the registry's API; what exists already is left as it is. */
export const provisionDemo = async (registryUrl: string, secrets: Secrets): Promise<void> => {
  const { apiToken, demoDeviceSecret, demoProductSecret } = secrets
  const create = async (path: string, body: unknown) => {
    const headers = { authorization: `Bearer ${apiToken}`, "content-type": "application/json" }
    const { status, text } = await ask("POST", registryUrl + path, headers, JSON.stringify(body), createMillisMax)
    if (status < 300 || status === 409) return
    throw new Error(`POST ${path} answered ${status}: ${text}`)
  }
  await create("/v1/products", {
    productName: "Demo",
    productKey: demoProduct,
    productSecret: demoProductSecret,
    dynamicActivateEnabled: true
  })
  await create(`/v1/products/${demoProduct}/devices`, { deviceKey: demoMeter, deviceName: "Demo meter" })
  await create(`/v1/products/${demoProduct}/devices`, { deviceKey: demoCli, deviceSecret: demoDeviceSecret })
}

/** The command that `npm start` prints is refused before the demo meter has come in once; a slow machine takes seconds. */
export const demoMeterCameIn = async (registryUrl: string, { apiToken }: Secrets): Promise<void> => {
  for (const end = Date.now() + comesInMillisMax; Date.now() < end;) {
    const device = `${registryUrl}/v1/products/${demoProduct}/devices/${demoMeter}`
    const { status, text } = await ask("GET", device, { authorization: `Bearer ${apiToken}` }).catch(() => noAnswer)
    if (status === 200 && (JSON.parse(text) as { readonly status: string }).status !== "inactive") return
    await new Promise((resume) => setTimeout(resume, 100))
  }
}
const comesInMillisMax = 20_000
/** A busy machine writes to its disk. */
const createMillisMax = 60_000
const noAnswer: HttpAnswer = { status: 0, text: "" }

/** A line for a shell that posts as the device `demo-cli`; printf makes the bytes of the key. */
export const coapClientLine = (build: "openssl" | "gnutls", udpPort: number, deviceSecret: string): string => {
  const octal = Array.from(pskFromSecret(deviceSecret), (byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")
  const payload = `{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"temp":21.5}}}`
  return (
    `coap-client-${build} -m post -u ${demoProduct},${demoCli},2,300 -k "$(printf '${octal}')" -e '${payload}' ` +
    `coaps://127.0.0.1:${udpPort}/topic/sys/${demoProduct}/${demoCli}/thing/measurepoint/post`
  )
}
