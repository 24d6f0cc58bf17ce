import { DeviceDisabled, DeviceNotActivated, deviceRpc, NoSuchDevice, placeOf, RegistryRpcs } from "@roost/contracts"
import { CommandCode } from "@roost/enos"
import { requestRpc } from "@roost/nats"
import { Effect } from "effect"

/** The registry answers from memory or SQLite, late only where it has little CPU: an application would rather wait than get a 503. */
const registryTimeoutMillis = 5_000
/** A device's actor answers from memory; without it the registry's word is taken. */
const actorTimeoutMillis = 1_000

export interface DeviceName {
  readonly productKey: string
  readonly deviceKey: string
}

/** A device that can have a command, as the registry knows it; else why it can't. */
export const askRegistry = Effect.fnUntraced(function* (device: DeviceName) {
  const reply = yield* requestRpc(RegistryRpcs.device, device, registryTimeoutMillis)
  if (reply._tag === "Unknown") {
    return yield* new NoSuchDevice({ detail: `${device.productKey} has no device ${device.deviceKey}.` })
  }
  if (reply.status === "disabled") return yield* new DeviceDisabled()
  if (reply.activated) return reply
  // The registry hears of a device's first handshake a moment after its actor.
  const answer = yield* askActor(device).pipe(Effect.orElseSucceed(() => ({ _tag: "Unknown" }) as const))
  if (answer._tag === "Known" && answer.secureMode === 2) return reply
  return yield* new DeviceNotActivated({ code: CommandCode.deviceNotActivated })
})

const askActor = (device: DeviceName) => {
  const { partition } = placeOf(device.productKey, device.deviceKey)
  return requestRpc(deviceRpc(partition), { ...device, ask: "status" }, actorTimeoutMillis)
}

/** Whether it is online: its actor knows best; where none answers, what the registry heard last. */
export const isOnline = (device: DeviceName, registered: boolean) =>
  askActor(device).pipe(
    Effect.map((answer) => answer._tag === "Known" && answer.online),
    Effect.orElseSucceed(() => registered)
  )

/** When the device was registered, in milliseconds since 1970. 0 where it is not known: what became of the commands of a device that was deleted can still be looked up. */
export const registeredAt = (device: DeviceName) =>
  requestRpc(RegistryRpcs.device, device, registryTimeoutMillis).pipe(
    Effect.map((reply) => (reply._tag === "Found" ? (reply.createdAt ?? 0) : 0)),
    Effect.orElseSucceed(() => 0)
  )
