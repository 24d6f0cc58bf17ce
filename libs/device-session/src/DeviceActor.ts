import { Timed } from "@roost/actors"
import type { ServerExchanges } from "@roost/coap"
import {
  type DataFormat,
  type DownlinkMode,
  formatPeerAddress,
  type PeerAddress,
  placeOf,
  type Presence
} from "@roost/contracts"
import { cipherSuiteName, type Session } from "@roost/dtls"
import type { NamedTopic, SessionRights } from "./Decision.ts"
import type { EdgeLink } from "./EdgeLinks.ts"
import { PendingCommands } from "./PendingCommands.ts"

/** What the registry said about a device when its key was asked for. */
export interface DeviceFacts {
  readonly credentialVersion: number
  readonly assetId: string
  readonly dataFormat: DataFormat
  readonly downlink: DownlinkMode
}

/** A device's own key (SecureMode 2) as the registry gave it; dropped when the credential changes. */
export interface CachedPsk {
  /** Hexadecimal: 170 bytes less than an array. */
  readonly psk: string
  readonly facts: DeviceFacts
}

/**
 * The live half of a device: its DTLS association and what goes with it. Replaced as a whole by the next verified
 * handshake of the same identity (design §3, 17).
 */
export interface DeviceSession extends SessionRights {
  readonly dtls: Session
  /** Random, hexadecimal: names this session in uplinks and events. */
  readonly handle: string
  readonly lifetimeMillis: number
  readonly facts: DeviceFacts
  revoked: boolean
  /** Undefined while no exchange is remembered: an idle device costs nothing here. */
  exchanges: ServerExchanges | undefined
  /** Of the last request; goes with `exchanges`. */
  lastTopic: NamedTopic | undefined
  peer: PeerAddress
  edge: EdgeLink
  lastSeenAt: number
  online: boolean
  requestsLeft: number
  requestsAt: number
}

/** One device on this node: the only writer of its session, its Lifetime and its queue. A plain record, no fiber. */
export class DeviceActor extends Timed {
  readonly productKey: string
  readonly deviceKey: string
  readonly partition: number
  session: DeviceSession | undefined = undefined
  psk: CachedPsk | undefined = undefined
  #commands: PendingCommands | undefined = undefined

  constructor(productKey: string, deviceKey: string) {
    super()
    this.productKey = productKey
    this.deviceKey = deviceKey
    this.partition = placeOf(productKey, deviceKey).partition
  }

  /** The queue, made when the first command arrives: most devices have none most of the time. */
  get commands(): PendingCommands {
    return (this.#commands ??= new PendingCommands())
  }

  get pending(): number {
    return this.#commands?.size ?? 0
  }

  /** The topic for Option 2100, if anything undelivered waits. */
  announced(now: number): string | undefined {
    if (this.#commands === undefined || this.session === undefined) return undefined
    return this.#commands.announced(now, this.session.facts.downlink)
  }

  /** Drops an empty queue; true if nothing is left to keep the actor for. */
  settle(): boolean {
    if (this.#commands?.size === 0) this.#commands = undefined
    return this.session === undefined && this.#commands === undefined
  }
}

/** A comma can't occur in either key, so the pair is unambiguous. */
export const actorKey = (productKey: string, deviceKey: string): string => `${productKey},${deviceKey}`

export const presenceOf = (
  actor: DeviceActor,
  session: DeviceSession,
  state: Presence["state"],
  cause: Presence["cause"],
  now: number
): Presence => ({
  productKey: actor.productKey,
  deviceKey: actor.deviceKey,
  state,
  cause,
  at: now,
  lastSeenAt: session.lastSeenAt,
  secureMode: session.secureMode,
  lifetimeSeconds: session.lifetimeMillis / 1000,
  address: formatPeerAddress(session.peer),
  suite: cipherSuiteName(session.dtls.suite),
  connectionId: session.dtls.readCid.length > 0
})
