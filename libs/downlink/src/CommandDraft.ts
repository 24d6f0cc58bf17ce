import type { CommandKind, Firmware } from "@roost/contracts"
import { encodeRequest, Topics } from "@roost/enos"

/** A caller's request, before it is a command of a device. */
export type CommandDraft =
  | { readonly kind: "measurepointSet"; readonly measurepoint: string; readonly value: unknown }
  | { readonly kind: "measurepointGet"; readonly measurepoints: ReadonlyArray<string> }
  | { readonly kind: "service"; readonly service: string; readonly inputData: Readonly<Record<string, unknown>> }
  | { readonly kind: "otaUpgrade"; readonly firmware: Firmware }
  | { readonly kind: "raw"; readonly bytes: Uint8Array }

export interface EncodedCommand {
  readonly kind: CommandKind
  readonly identifier: string
  readonly topic: string
  readonly payload: Uint8Array
}

/** The topic and the exact bytes of a command (enos-protocol §3.2.1–3.2.5). Its id is the `id` on the air. */
export const encodeCommand = (
  commandId: string,
  productKey: string,
  deviceKey: string,
  draft: CommandDraft
): EncodedCommand => {
  switch (draft.kind) {
    case "measurepointSet":
      return {
        kind: draft.kind,
        identifier: draft.measurepoint,
        topic: Topics.measurepointSet(productKey, deviceKey),
        payload: encodeRequest(commandId, "thing.service.measurepoint.set", pointsOf(draft.measurepoint, draft.value))
      }
    case "measurepointGet":
      return {
        kind: draft.kind,
        identifier: draft.measurepoints.length === 1 ? draft.measurepoints[0]! : "",
        topic: Topics.measurepointGet(productKey, deviceKey),
        payload: encodeRequest(commandId, "thing.service.measurepoint.get", draft.measurepoints)
      }
    case "service":
      return {
        kind: draft.kind,
        identifier: draft.service,
        topic: Topics.service(productKey, deviceKey, draft.service),
        payload: encodeRequest(commandId, `thing.service.${draft.service}`, draft.inputData)
      }
    case "otaUpgrade":
      return {
        kind: draft.kind,
        identifier: draft.firmware.version,
        topic: Topics.otaUpgrade(productKey, deviceKey),
        payload: encodeRequest(commandId, "ota.device.upgrade", draft.firmware)
      }
    case "raw":
      return { kind: draft.kind, identifier: "", topic: Topics.downRaw(productKey, deviceKey), payload: draft.bytes }
  }
}

/** A point may have any name that is an identifier, `__proto__` too. */
export const pointsOf = (measurepoint: string, value: unknown): Readonly<Record<string, unknown>> => {
  const points: Record<string, unknown> = Object.create(null)
  points[measurepoint] = value
  return points
}
