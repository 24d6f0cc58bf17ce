import createClient from "openapi-fetch"
import type { paths as ConsolePaths } from "../../generated/console.d.ts"
import type { paths as DownlinkPaths } from "../../generated/downlink.d.ts"
import type { paths as RegistryPaths } from "../../generated/registry.d.ts"
import { faultOf, Unreachable } from "./ApiFault.ts"
import { parseWritten } from "./Numeral.ts"
import { noteReachable } from "./reachability.ts"

/** Of gateways that stand between: the registry itself is away. */
const awayStatuses: ReadonlySet<number> = new Set([502, 504])

/** `fetch` that throws `ApiFault` for what is refused, and `Unreachable` where nobody answers. */
export const request = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
  let response: Response
  try {
    response = await fetch(input, init)
  } catch (error) {
    if ((init?.signal ?? (input instanceof Request ? input.signal : undefined))?.aborted === true) throw error
    noteReachable(false)
    throw new Unreachable("the registry does not answer")
  }
  noteReachable(!awayStatuses.has(response.status))
  if (awayStatuses.has(response.status)) throw new Unreachable(`HTTP ${response.status}`)
  if (!response.ok) throw await faultOf(response)
  return response
}

/** `openapi-fetch` reads JSON by `Response.json` where it knows the length, and by `JSON.parse` elsewhere. */
const requestWritten = async (input: Request): Promise<Response> => {
  const response = await request(input)
  if (response.headers.get("content-type")?.startsWith("application/json") !== true) return response
  const text = await response.text()
  const headers = new Headers(response.headers)
  headers.set("content-length", String(text.length))
  const { status, statusText } = response
  return Object.assign(new Response(text, { headers, status, statusText }), { json: async () => parseWritten(text) })
}

const client = { baseUrl: location.origin, fetch: requestWritten }

export const registry = createClient<RegistryPaths>(client)
export const downlink = createClient<DownlinkPaths>(client)
export const access = createClient<ConsolePaths>(client)

/** The body of an answer: whatever is no success was thrown. */
export const bodyOf = async <A>(answer: Promise<{ readonly data?: A }>): Promise<A> => (await answer).data as A
