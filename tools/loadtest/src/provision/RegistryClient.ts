import type { DeviceBook } from "@roost/load"

/** Where the tool's devices are to be registered. */
export interface RegistryAccess {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string
  readonly token: string
}

export interface Provisioned {
  readonly imported: number
  /** Registered by an earlier run. */
  readonly known: number
}

/** Devices of one request to `devices:import`. */
export const importBatchMax = 20_000

/** Registers the product, unless it is there, and all devices with the secrets that the tool derives. */
export const provision = async (
  { token, url }: RegistryAccess,
  productKey: string,
  book: DeviceBook,
  devices: number
): Promise<Provisioned> => {
  const post = (path: string, contentType: string, body: string) =>
    fetch(new URL(path, url), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": contentType },
      body
    }).catch((error: Error) => {
      const { cause } = error
      throw new Error(
        `the registry at ${url} can't be reached: ${cause instanceof Error ? cause.message : error.message}`,
        {
          cause: error
        }
      )
    })
  const product = await post(
    "/v1/products",
    "application/json",
    JSON.stringify({ productName: "Load test", productKey })
  )
  // 409: an earlier run's, or the operator's own.
  if (!product.ok && product.status !== 409) throw await refusal("the product", product)
  let imported = 0
  let known = 0
  for (let from = 0; from < devices; from += importBatchMax) {
    const to = Math.min(devices, from + importBatchMax)
    const response = await post(
      `/v1/products/${encodeURIComponent(productKey)}/devices:import`,
      "application/x-ndjson",
      linesOf(book, from, to)
    )
    if (!response.ok) throw await refusal("the devices", response)
    for (const line of (await response.text()).split("\n")) {
      if (line === "") continue
      const result = JSON.parse(line) as {
        readonly _tag: string
        readonly reason?: string
        readonly deviceKey?: string
      }
      if (result._tag === "Imported") imported++
      else if (result._tag === "Refused" && isKnown(result.reason)) known++
      else if (result._tag === "Refused")
        throw new Error(`the registry refused device ${result.deviceKey}: ${result.reason}`)
    }
  }
  return { imported, known }
}

const linesOf = (book: DeviceBook, from: number, to: number): string => {
  let lines = ""
  for (let i = from; i < to; i++) {
    lines += `${JSON.stringify({ deviceKey: book.values(i).deviceKey, deviceSecret: book.secret(i) })}\n`
  }
  return lines
}

const isKnown = (reason: string | undefined): boolean => reason?.includes("has a device with this key") === true

const refusal = async (what: string, response: Response): Promise<Error> =>
  new Error(`the registry did not take ${what}: ${response.status} ${(await response.text()).slice(0, 500)}`)
