import { randomBytes } from "node:crypto"
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { repository } from "./imageRoot.ts"

interface Deployment {
  readonly registryUrl: string
  readonly token: string
  readonly udpPort: number
}

/** Pods of a machine that is at work with other things. */
const readyMillisMax = 180_000

/** A device that was just registered posts through what was deployed, and the console is there; rejects with what was said instead. */
export const postThrough = async ({ registryUrl, token, udpPort }: Deployment): Promise<void> => {
  await ready(registryUrl)
  const create = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    const response = await fetch(`${registryUrl}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`)
  }
  const [productKey, deviceKey, deviceSecret] = ["deployed", "meter-1", randomBytes(16).toString("hex")]
  await create("/v1/products", { productKey, productName: "Deployed" })
  await create(`/v1/products/${productKey}/devices`, { deviceKey, deviceSecret })
  const identity = ["--product-key", productKey, "--device-key", deviceKey, "--device-secret", deviceSecret]
  const device = ["tools/device/src/main.ts", "--server", `127.0.0.1:${udpPort}`, ...identity, "--count", "1"]
  const said = execFileSync(process.execPath, device, { cwd: repository, encoding: "utf8", timeout: readyMillisMax })
  const page = await fetch(`${registryUrl}/`)
  if (!page.ok) throw new Error(`the console's page: ${page.status} ${await page.text()}`)
  process.stdout.write(`${said.split("\n").find((line) => line.includes("code 200")) ?? said}\n`)
}

const ready = async (url: string): Promise<void> => {
  const end = Date.now() + readyMillisMax
  let last = "nothing answered"
  while (Date.now() < end) {
    const answer = await fetch(`${url}/readyz`).then(
      async (response) => ({ ok: response.ok, text: await response.text() }),
      () => ({ ok: false, text: "nothing answered" })
    )
    if (answer.ok) return
    last = answer.text
    await sleep(250)
  }
  throw new Error(`${join(url, "readyz")}: not ready in ${readyMillisMax / 1000} s: ${last}`)
}

/** A variable of one of the files that deploy/newSecrets.sh wrote. */
export const variableOf = (text: string, name: string): string => {
  const found = new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1]
  if (found === undefined) throw new Error(`${name} is not in the file that deploy/newSecrets.sh wrote`)
  return found
}
