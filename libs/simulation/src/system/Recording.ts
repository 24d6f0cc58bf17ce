import type { Presence } from "@roost/contracts"

/** A request of a device, as the device saw it. */
export interface Exchange {
  readonly device: string
  readonly kind: "uplink" | "fetch" | "reply"
  /** Of the message in its payload; the topic of a fetch. */
  readonly id: string
  /** When its session was made. */
  readonly sessionAt: number
  /** Of each transmission. */
  readonly sentAt: Array<number>
  endedAt: number | undefined
  /** `2.04`; empty if it was given up. */
  code: string
}

export interface HandshakeAttempt {
  readonly device: string
  readonly at: number
  endedAt: number | undefined
  completed: boolean
}

/** A command that was accepted. */
export interface AcceptedCommand {
  readonly commandId: string
  readonly device: string
  readonly at: number
}

/** The view that devices, applications and operators had of a schedule. */
export class Recording {
  readonly exchanges: Array<Exchange> = []
  readonly attempts: Array<HandshakeAttempt> = []
  readonly commands: Array<AcceptedCommand> = []
  readonly presences: Array<Presence> = []
  /** Keys and nonces of records that were sealed twice. */
  readonly noncesRepeated: Array<{ readonly at: number; readonly nonce: string }> = []
  /** Exceptions in an actor, and the like: what must not happen, whatever happens. */
  readonly troubles: Array<string> = []
  readonly #nonces = new Set<string>()

  sealed(now: number, key: Uint8Array, nonce: Uint8Array): void {
    const name = latin1(key) + latin1(nonce)
    if (this.#nonces.has(name)) this.noncesRepeated.push({ at: now, nonce: Buffer.from(nonce).toString("hex") })
    this.#nonces.add(name)
  }
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")
