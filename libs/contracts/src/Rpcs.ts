import { DeviceAnswer, DeviceAsk } from "./Device.ts"
import { ActivateReply, ActivateRequest, DeviceReply, DeviceRequest, PskReply, PskRequest } from "./Registry.ts"
import { Subjects } from "./Subjects.ts"

/** The questions that apps ask each other over core NATS (docs/architecture.md §4). */
export const Rpcs = {
  registryPsk: { subject: Subjects.registryPsk, request: PskRequest, response: PskReply },
  registryActivate: { subject: Subjects.registryActivate, request: ActivateRequest, response: ActivateReply },
  registryDevice: { subject: Subjects.registryDevice, request: DeviceRequest, response: DeviceReply },
  device: (partition: number) => ({ subject: Subjects.device(partition), request: DeviceAsk, response: DeviceAnswer })
} as const

/** Responders of the registry share its questions under this name. */
export const registryQueue = "registry"

/** What `sealedPsk` and `sealedSecret` are sealed for: see Sealing. */
export const sealingContext = (productKey: string, deviceKey: string, secureMode: 2 | 3): string =>
  `${productKey},${deviceKey},${secureMode}`

/** Purposes of the keys that are derived from the cluster key. */
export const sealingPurpose = { psk: "psk on the bus", deviceSecret: "device secret on the bus" } as const
