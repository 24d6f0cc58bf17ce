import type { CloseNotifyMode, DataFormat, DownlinkMode } from "@roost/contracts"

/** Facts that the registry told about a device when its key was asked for. */
export interface DeviceFacts {
  readonly credentialVersion: number
  readonly assetId: string
  readonly dataFormat: DataFormat
  readonly downlink: DownlinkMode
  /** How long a response may go with its ACK; `piggybackMillisDefault` if the registry does not say. */
  readonly piggybackMillis?: number
  /** `lifetime` if the registry does not say. */
  readonly closeNotify?: CloseNotifyMode
}

/** An object that is made with a spread has room for what it may get by that: 16 bytes of every device. */
export const deviceFacts = (
  usual: Omit<DeviceFacts, "piggybackMillis" | "closeNotify">,
  piggybackMillis: number | undefined,
  closeNotify: CloseNotifyMode | undefined
): DeviceFacts => {
  if (piggybackMillis === undefined && closeNotify !== "offline") return usual
  return {
    ...usual,
    ...(piggybackMillis !== undefined && { piggybackMillis }),
    ...(closeNotify === "offline" && { closeNotify })
  }
}

/** A device's own key (SecureMode 2) as the registry gave it; dropped when the credential changes. */
export interface CachedPsk {
  /** Hexadecimal: 170 bytes less than an array. */
  readonly psk: string
  readonly facts: DeviceFacts
  /** `ProductProfiles.versionOf` when the registry was asked. */
  readonly productVersion: number
  /** Of the host's clock, when the handshake began that asked. */
  readonly day: number
  /** Operators hear of it at each handshake. */
  readonly secretTooShort: boolean
}
