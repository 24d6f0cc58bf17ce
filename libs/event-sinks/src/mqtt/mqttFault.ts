import { tlsMismatch } from "@roost/contracts"
import { type TargetFault, targetFault } from "../delivery/TargetFault.ts"

/** The fault of an error of the client (`mqtt` 5.16.0): by the reason code of MQTT 5 (its chapter 2.4), or by Node's code. */
export const mqttFault = (error: unknown, url: string, isConnecting = false): TargetFault => {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  const message = error instanceof Error ? error.message : String(error)
  const said = tlsMismatch(error, url) ?? (message === "" ? String(code) : message)
  const detail = `the broker at ${URL.parse(url)?.host ?? "?"}: ${said}`
  if (typeof code !== "number") return targetFault("target", "sink-unreachable", detail)
  // As hexadecimal numbers of the specification.
  switch (code) {
    case 0x84:
    case 0x86:
    case 0x8a:
    case 0x8c:
      return targetFault("target", "sink-login", detail)
    case 0x87:
      // Mosquitto has it for a wrong password, too. Of a message: of this topic, perhaps of no other.
      return isConnecting ? targetFault("target", "sink-login", detail) : targetFault("events", "sink-denied", detail)
    case 0x97:
      return targetFault("target", "sink-full", detail)
    case 0x90:
    case 0x95:
    case 0x99:
      return targetFault("events", "sink-event-refused", detail)
    default:
      return targetFault("target", "sink-unreachable", detail)
  }
}
