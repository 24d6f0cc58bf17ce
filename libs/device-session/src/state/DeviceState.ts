import type { Allowance } from "@roost/bounded"
import { Timed } from "@roost/actors"
import { type DeviceAnswer, formatPeerAddress, type Presence } from "@roost/contracts"
import { cipherSuiteName } from "@roost/dtls"
import type { CachedPsk } from "./DeviceFacts.ts"
import type { DeviceSession } from "./DeviceSession.ts"
import type { Fault } from "./Fault.ts"
import { type CommandNote, type PendingCommand, PendingCommands } from "./PendingCommands.ts"
import { addressOf } from "./Path.ts"
import type { Saving } from "./SavingState.ts"

/** Everything that one device's actor knows. `Device` is its only writer. */
export class DeviceState extends Timed {
  readonly productKey: string
  readonly deviceKey: string
  readonly partition: number
  session: DeviceSession | undefined = undefined
  psk: CachedPsk | undefined = undefined
  /** Of its entry in the bucket SESSIONS; 0 if it has none. */
  revision = 0
  /** The state that is on its way to the bucket; undefined most of the time. */
  saving: Saving | undefined = undefined
  /** Its code threw, not long ago. */
  fault: Fault | undefined = undefined
  /** The rest of its allowance of questions about properties (`mayAsk`). */
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

  /** The commands as the bucket has them, with deliveries that only this actor knows of. */
  get bucketCommands(): ReadonlyArray<PendingCommand> {
    return this.#commands?.all ?? []
  }

  /** The session that tables find the device by: its own, or the one that its stub stands for. */
  get bound(): DeviceSession | undefined {
    return this.session ?? this.fault?.stub?.former
  }

  /** Forgets all that its code computed. */
  reset(fault: Fault): void {
    this.session = undefined
    this.saving = undefined
    this.questions = undefined
    this.psk = undefined
    this.#commands = undefined
    this.fault = fault
  }

  /** The bucket COMMANDS was read to its end. */
  forgetCommandNotes(): void {
    this.#commands?.forgetNotes()
  }

  /** Names the device in its partition. */
  get key(): string {
    return actorKey(this.productKey, this.deviceKey)
  }

  /** Nothing is left to keep the actor for. Drops an empty queue. */
  get isIdle(): boolean {
    if (this.session !== undefined || this.fault?.stub !== undefined) return false
    this.#commands?.forgetEnded()
    if (this.#commands?.isEmpty === true) this.#commands = undefined
    return this.#commands === undefined && this.saving === undefined
  }
}

const noNotes: ReadonlyArray<CommandNote> = []

/**
 * A comma can't occur in either key, so the pair is unambiguous. A handshake asks for that of one device three times in a row: the
 * last one is kept, which a table has hashed already.
 */
export const actorKey = (productKey: string, deviceKey: string): string => {
  if (deviceKey !== lastNamed.deviceKey || productKey !== lastNamed.productKey) {
    lastNamed.key = `${productKey},${deviceKey}`
    lastNamed.productKey = productKey
    lastNamed.deviceKey = deviceKey
  }
  return lastNamed.key
}

const lastNamed = { productKey: "", deviceKey: "", key: "," }

export const presenceOf = (
  actor: DeviceState,
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

/** The answer about a device (docs/architecture.md §4). */
export const deviceAnswerOf = (actor: DeviceState, session: DeviceSession): DeviceAnswer => ({
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
