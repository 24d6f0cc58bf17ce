import type { Allowance } from "@roost/bounded"
import { Timed } from "@roost/actors"
import type { ServerExchanges } from "@roost/coap"
import {
  type CloseNotifyMode,
  type DataFormat,
  type DeviceAnswer,
  type DownlinkMode,
  formatPeerAddress,
  type PeerAddress,
  type Presence
} from "@roost/contracts"
import { cipherSuiteName, type Session } from "@roost/dtls"
import type { NamedTopic, SessionRights } from "./Decision.ts"
import type { EdgeLink } from "./EdgeLinks.ts"
import { type CommandNote, type PendingCommand, PendingCommands } from "./PendingCommands.ts"
import { addressOf, type Path } from "./Path.ts"
import type { Saving } from "./Persistence.ts"
import type { Recalled, Restored } from "./Takeover.ts"

/** What the registry said about a device when its key was asked for. */
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

/**
 * The live half of a device: its DTLS association and what goes with it. Replaced as a whole by the next verified
 * handshake of the same identity (contract §7.17).
 */
export interface DeviceSession extends SessionRights {
  readonly dtls: Session
  /** Random, hexadecimal: names this session in uplinks and events. */
  readonly handle: string
  /** Handle of the session that a full handshake made: the same for all resumptions of it, it names exchanges. */
  readonly scope: string
  /** Of the session before, which a full handshake ended; undefined if none is known. */
  formerScope: string | undefined
  readonly lifetimeMillis: number
  readonly facts: DeviceFacts
  revoked: boolean
  /** Undefined while no exchange is remembered: an idle device costs nothing here. */
  exchanges: ServerExchanges | undefined
  /** Of the last request; goes with `exchanges`. */
  lastTopic: NamedTopic | undefined
  /** Of its handshake: a cookie proved it. */
  readonly peer: PeerAddress
  edge: EdgeLink
  /** Set while the device is somewhere else, where its connection id found it. */
  path: Path | undefined
  lastSeenAt: number
  online: boolean
  requestsLeft: number
  requestsAt: number
  /** When its handshake verified, on the wall clock of the host that served it. */
  readonly establishedAt: number
  /** `lastSeenAt` as the bucket has it. */
  savedSeenAt: number
  /** Kinds of uplinks that it sent, as bits (`StoredSession.kinds`). */
  kinds: number
  /** Set while it is as it came from the bucket: nothing may be opened or sealed yet. */
  restored: Restored | undefined
  /** Uplinks of an earlier owner that a copy of may still come. */
  recalled: Recalled | undefined
  /** Exchanges whose empty ACK waits until the store knows of it. */
  acksDue: Array<number> | undefined
  /** Messages that wait for a block of write sequence numbers. */
  outbox: Array<Uint8Array> | undefined
}

/** One device on this node: the only writer of its session, its Lifetime and its queue. A plain record, no fiber. */
export class DeviceActor extends Timed {
  readonly productKey: string
  readonly deviceKey: string
  readonly partition: number
  session: DeviceSession | undefined = undefined
  psk: CachedPsk | undefined = undefined
  /** Of its entry in the bucket SESSIONS; 0 if it has none. */
  revision = 0
  /** What is on its way to the bucket; undefined most of the time. */
  saving: Saving | undefined = undefined
  /** What is left of its questions about properties (`mayAsk`). */
  questions: Allowance | undefined = undefined
  /** Of its last full handshake (`clientRandomBits`); `toldOfRandom` once operators know that it repeats them. */
  #clientRandomBits = toldOfRandom
  #commands: PendingCommands | undefined = undefined

  constructor(productKey: string, deviceKey: string, partition: number) {
    super()
    this.productKey = productKey
    this.deviceKey = deviceKey
    this.partition = partition
  }

  /** A handshake verified. True, once, if its random is that of the one before: the device has no entropy. */
  repeatsRandom(bits: number): boolean {
    const known = this.#clientRandomBits
    const repeats = known === bits
    if (repeats) this.#clientRandomBits = toldOfRandom
    else if (known !== toldOfRandom || this.session === undefined) this.#clientRandomBits = bits
    return repeats
  }

  /** The queue, made when the first command arrives: most devices have none most of the time. */
  get commands(): PendingCommands {
    return (this.#commands ??= new PendingCommands())
  }

  get pending(): number {
    return this.#commands?.size ?? 0
  }

  /** The command for Option 2100, if anything undelivered waits. */
  announced(now: number): PendingCommand | undefined {
    if (this.#commands === undefined || this.session === undefined) return undefined
    return this.#commands.announced(now, this.session.facts.downlink)
  }

  /** For the next owner of the device. */
  get commandNotes(): ReadonlyArray<CommandNote> {
    return this.#commands?.notes ?? noNotes
  }

  /** Of every command that it mirrors. */
  get commandIds(): ReadonlyArray<string> {
    return this.#commands?.ids ?? []
  }

  /** The bucket COMMANDS was read to its end. */
  forgetCommandNotes(): void {
    this.#commands?.forgetNotes()
  }

  /** Drops an empty queue; true if nothing is left to keep the actor for. */
  settle(): boolean {
    if (this.session === undefined) this.#commands?.forgetEnded()
    if (this.#commands?.isEmpty === true) this.#commands = undefined
    return this.session === undefined && this.#commands === undefined && this.saving === undefined
  }
}

const noNotes: ReadonlyArray<CommandNote> = []

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
  lastSeenAt: session.restored?.seenAt ?? session.lastSeenAt,
  secureMode: session.secureMode,
  lifetimeSeconds: session.lifetimeMillis / 1000,
  address: formatPeerAddress(addressOf(session)),
  suite: cipherSuiteName(session.dtls.suite),
  connectionId: session.dtls.readCid.length > 0,
  credentialVersion: session.facts.credentialVersion
})

/** What is said of a device to who asks (docs/architecture.md §4). */
export const answerOf = (actor: DeviceActor, session: DeviceSession): DeviceAnswer => ({
  _tag: "Known",
  online: session.online,
  lastSeenAt: session.lastSeenAt,
  address: formatPeerAddress(addressOf(session)),
  suite: cipherSuiteName(session.dtls.suite),
  secureMode: session.secureMode,
  lifetimeSeconds: session.lifetimeMillis / 1000,
  pending: actor.pending
})

/** Also before its first handshake: both mean that there is nothing to compare with. */
const toldOfRandom = -1
