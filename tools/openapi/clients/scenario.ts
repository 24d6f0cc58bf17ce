import createClient from "openapi-fetch"
import type { paths as DownlinkPaths } from "./downlink-queue.ts"
import type { paths as RegistryPaths } from "./registry.ts"

// An application's work with clients that were generated from both specifications. Compiles under --strict, and runs.

const variable = (name: string): string => {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set`)
  return value
}

const headers = { authorization: `Bearer ${variable("ROOST_API_TOKEN")}` }
const registry = createClient<RegistryPaths>({ baseUrl: variable("ROOST_REGISTRY"), headers })
const downlink = createClient<DownlinkPaths>({ baseUrl: variable("ROOST_DOWNLINK"), headers })

interface Answer<A> {
  readonly data?: A
  readonly error?: unknown
  readonly response: Response
}

const good = <A>(what: string, { data, error, response }: Answer<A>): A => {
  if (error !== undefined) throw new Error(`${what}: ${response.status} ${JSON.stringify(error)}`)
  console.log(`${what}: ${response.status}`)
  return data as A
}

const product = good(
  "product",
  await registry.POST("/v1/products", { body: { productName: "TypeScript", productKey: "ts-client" } })
)
const path = { productKey: product.productKey }
for (const deviceKey of ["a", "b", "c"]) {
  good("device", await registry.POST("/v1/products/{productKey}/devices", { params: { path }, body: { deviceKey } }))
}

const keys: Array<string> = []
let cursor: string | undefined
do {
  const query = { limit: 2, ...(cursor === undefined ? {} : { cursor }) }
  const page = good("page", await registry.GET("/v1/products/{productKey}/devices", { params: { path, query } }))
  keys.push(...page.devices.map(({ deviceKey }) => deviceKey))
  cursor = page.nextCursor
} while (cursor !== undefined)
if (keys.join() !== "a,b,c") throw new Error(`pages have ${keys.join()}`)

const device = { productKey: variable("ROOST_PRODUCT"), deviceKey: variable("ROOST_DEVICE") }
const { commandId } = good(
  "command",
  await downlink.POST("/v1/products/{productKey}/devices/{deviceKey}/measurepoints/{measurepoint}:set", {
    params: { path: { ...device, measurepoint: "limit" } },
    body: { value: 5, pendingTtl: 60 }
  })
)
const command = good("its state", await downlink.GET("/v1/commands/{commandId}", { params: { path: { commandId } } }))
if (command.state !== "created") throw new Error(`the command is ${command.state}`)
good("cancel", await downlink.POST("/v1/commands/{commandId}:cancel", { params: { path: { commandId } } }))

const webhook = good(
  "webhook",
  await registry.POST("/v1/webhooks", { body: { url: variable("ROOST_RECEIVER"), kinds: ["command"], ...path } })
)
good(
  "webhook away",
  await registry.DELETE("/v1/webhooks/{webhookId}", { params: { path: { webhookId: webhook.webhookId } } })
)

// The server names the faults that the compiler lets through, as in an object that came from elsewhere.
const written = { productName: "x", dataformat: "Custom" }
const refused = await registry.POST("/v1/products", { body: written })
const fault = (refused.error as { readonly detail?: string } | undefined)?.detail
if (refused.response.status !== 400 || fault?.includes("did you mean dataFormat?") !== true) {
  throw new Error(`an unknown field: ${refused.response.status} ${fault}`)
}
console.log("an unknown field: 400")
