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
  /** Nonces under which a key sealed two records that differ. */
  readonly noncesRepeated: Array<{ readonly at: number; readonly nonce: string }> = []
  /** Exceptions in an actor, and the like: what must not happen, whatever happens. */
  readonly troubles: Array<string> = []
  /** By key and nonce. */
  readonly #records = new Map<string, string>()

  /** The next owner of a handshake may seal its Finished once more: the same bytes twice tell nobody anything (RFC 5116 §3.1). */
  sealed(now: number, key: Uint8Array, nonce: Uint8Array, additionalData: Uint8Array, plaintext: Uint8Array): void {
    const name = latin1(key) + latin1(nonce)
    const record = latin1(additionalData) + latin1(plaintext)
    const before = this.#records.get(name)
    if (before === undefined) this.#records.set(name, record)
    else if (before !== record) this.noncesRepeated.push({ at: now, nonce: Buffer.from(nonce).toString("hex") })
  }
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")
