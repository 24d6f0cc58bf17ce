import { type Allowance, allowance, FairMap, sourceOf, take } from "@roost/bounded"
import { ContentType, peekRecord } from "@roost/dtls"
import type { HandOffLimits } from "../state/DeviceSessionConfig.ts"
import type { Held } from "../state/Held.ts"

interface Waiting {
  readonly handOff: Held
  /** Further records of the handshake that came meanwhile. */
  readonly more: Array<Held>
}

/**
 * Handshakes that edges handed over, in front of the work that they cost. While there is time for all of them none waits. Then
 * sources take turns (IPv4 address, IPv6 network), so that a host with thousands of made-up identities waits for itself.
 */
export class HandOffs {
  readonly #limits: HandOffLimits
  readonly #waiting: FairMap<number | string, Waiting>
  readonly #rate: Allowance
  #leftOfTurn: number

  constructor(now: number, limits: HandOffLimits) {
    this.#limits = limits
    this.#waiting = new FairMap(limits.waitingMax)
    this.#rate = allowance(now, limits.perSecondMax)
    this.#leftOfTurn = limits.perTurnMax
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Some wait because the turn had enough, and not the second. */
  get isCut(): boolean {
    return this.#waiting.size > 0 && this.#leftOfTurn === 0
  }

  /** True if a handshake may begin at once: nobody waits, and neither the turn nor the second has had enough. */
  mayBegin(now: number): boolean {
    return this.#waiting.size === 0 && this.#takeRate(now)
  }

  /** Keeps a handshake until its turn. True if another one gave way. `handOff.body` is a copy. */
  wait(handOff: Held): boolean {
    const { key } = handOff.peer
    return this.#waiting.set(sourceOf(key), key, { handOff, more: [] }) !== undefined
  }

  /** True if the datagram is one of a waiting handshake: it is kept with it, or there is enough already. */
  follows(held: Omit<Held, "body">, datagram: Uint8Array): boolean {
    if (this.#waiting.size === 0) return false
    const waiting = this.#waiting.get(held.peer.key)
    if (waiting === undefined) return false
    const contentType = peekRecord(datagram)?.contentType
    if (contentType !== ContentType.handshake && contentType !== ContentType.change_cipher_spec) return false
    const bytes = waiting.more.reduce((sum, { body }) => sum + body.length, datagram.length)
    if (bytes <= followingBytesMax && waiting.more.length < followingMax) {
      waiting.more.push({ ...held, body: new Uint8Array(datagram) })
    }
    return true
  }

  /** A turn of the event loop is over: gives those that may begin in the next one, and what came behind them. */
  *turn(now: number): IterableIterator<Held> {
    this.#leftOfTurn = this.#limits.perTurnMax
    while (this.#waiting.size > 0 && this.#takeRate(now)) {
      const { handOff, more } = this.#waiting.takeTurn()![1]
      yield handOff
      yield* more
    }
  }

  #takeRate(now: number): boolean {
    const { perSecondMax } = this.#limits
    if (this.#leftOfTurn === 0 || !take(this.#rate, now, perSecondMax, perSecondMax)) return false
    this.#leftOfTurn--
    return true
  }
}

/** ChangeCipherSpec and Finished in datagrams of their own, once repeated. */
const followingMax = 4
const followingBytesMax = 512
