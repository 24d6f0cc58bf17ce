import { bodyOf, downlink } from "../api/client.ts"
import type { Firmware } from "./commandFields.ts"
import type { DevicePath } from "./deviceQueries.ts"

export type CommandDraft =
  | { readonly kind: "set"; readonly identifier: string; readonly value: unknown }
  | { readonly kind: "get"; readonly identifier: string }
  | { readonly kind: "service"; readonly identifier: string; readonly inputData: Readonly<Record<string, unknown>> }
  | { readonly kind: "upgrade"; readonly firmware: Firmware }
  | { readonly kind: "raw"; readonly bytes: Uint8Array<ArrayBuffer> }

/** Sends a command that waits `pendingTtl` seconds for its device, and gives its id. */
export const issueCommand = async (
  { deviceKey, productKey }: DevicePath,
  draft: CommandDraft,
  pendingTtl: number
): Promise<string> => {
  const path = { productKey, deviceKey }
  switch (draft.kind) {
    case "set": {
      const answer = downlink.POST("/v1/products/{productKey}/devices/{deviceKey}/measurepoints/{measurepoint}:set", {
        params: { path: { ...path, measurepoint: draft.identifier } },
        body: { value: draft.value as never, pendingTtl }
      })
      return (await bodyOf(answer)).commandId
    }
    case "get": {
      const answer = downlink.POST("/v1/products/{productKey}/devices/{deviceKey}/measurepoints:get", {
        params: { path },
        body: { ids: [draft.identifier], pendingTtl }
      })
      return (await bodyOf(answer)).commandId
    }
    case "service": {
      const answer = downlink.POST("/v1/products/{productKey}/devices/{deviceKey}/services/{service}:invoke", {
        params: { path: { ...path, service: draft.identifier } },
        body: { inputData: draft.inputData as never, pendingTtl }
      })
      return (await bodyOf(answer)).commandId
    }
    case "upgrade": {
      const answer = downlink.POST("/v1/products/{productKey}/devices/{deviceKey}/ota:upgrade", {
        params: { path },
        body: { ...draft.firmware, pendingTtl }
      })
      return (await bodyOf(answer)).commandId
    }
    case "raw": {
      const answer = downlink.POST("/v1/products/{productKey}/devices/{deviceKey}/raw", {
        params: { path, query: { pendingTtl } },
        headers: { "content-type": "application/octet-stream" },
        body: draft.bytes as never,
        bodySerializer: (bytes: unknown) => bytes as Uint8Array<ArrayBuffer>
      })
      return (await bodyOf(answer)).commandId
    }
  }
}
