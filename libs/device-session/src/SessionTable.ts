import type { PeerAddress } from "@roost/contracts"
import type { DeviceActor } from "./DeviceActor.ts"

/** Finds the actor that a datagram belongs to: by our connection id, by peer address, by session id. */
export class SessionTable {
  readonly #byCid = new Map<number, DeviceActor>()
  readonly #byPeer = new Map<number | string, DeviceActor>()
  readonly #bySessionId = new Map<number, DeviceActor>()

  get sizes(): { readonly cids: number; readonly peers: number; readonly sessionIds: number } {
    return { cids: this.#byCid.size, peers: this.#byPeer.size, sessionIds: this.#bySessionId.size }
  }

  /** Whether no other session has this connection id; 52 of its bits are the key, so a clash is a matter of 10^15. */
  isCidFree(cid: Uint8Array): boolean {
    return cid.length === 0 || !this.#byCid.has(idKey(cid, 0))
  }

  /** Enters the actor's session. A session of another device on the same address loses the address, not its life. */
  bind(actor: DeviceActor): void {
    const session = actor.session!
    const { readCid, sessionId } = session.dtls
    if (readCid.length > 0) this.#byCid.set(idKey(readCid, 0), actor)
    this.#byPeer.set(session.peer.key, actor)
    if (sessionId.length > 0) this.#bySessionId.set(idKey(sessionId, 0), actor)
  }

  unbind(actor: DeviceActor): void {
    this.unbindRoutes(actor)
    const { sessionId } = actor.session!.dtls
    if (sessionId.length === 0) return
    const key = idKey(sessionId, 0)
    if (this.#bySessionId.get(key) === actor) this.#bySessionId.delete(key)
  }

  /** Leaves only the session id: a closed session can still be resumed (RFC 5246 §7.2.1). */
  unbindRoutes(actor: DeviceActor): void {
    const session = actor.session!
    const { readCid } = session.dtls
    if (readCid.length > 0) {
      const key = idKey(readCid, 0)
      if (this.#byCid.get(key) === actor) this.#byCid.delete(key)
    }
    if (this.#byPeer.get(session.peer.key) === actor) this.#byPeer.delete(session.peer.key)
  }

  /** The device was seen at another address under its connection id (RFC 9146 §6). */
  move(actor: DeviceActor, peer: PeerAddress): void {
    const session = actor.session!
    if (this.#byPeer.get(session.peer.key) === actor) this.#byPeer.delete(session.peer.key)
    session.peer = peer
    this.#byPeer.set(peer.key, actor)
  }

  findByCid(datagram: Uint8Array, offset: number): DeviceActor | undefined {
    if (datagram.length < offset + cidBytes) return undefined
    const actor = this.#byCid.get(idKey(datagram, offset))
    return actor?.session?.dtls.hasReadCid(datagram, offset) === true ? actor : undefined
  }

  findByPeer(peer: PeerAddress): DeviceActor | undefined {
    return this.#byPeer.get(peer.key)
  }

  findBySessionId(sessionId: Uint8Array): DeviceActor | undefined {
    if (sessionId.length < cidBytes) return undefined
    const actor = this.#bySessionId.get(idKey(sessionId, 0))
    const found = actor?.session?.dtls.sessionId
    if (found?.length !== sessionId.length) return undefined
    return found.every((byte, i) => byte === sessionId[i]) ? actor : undefined
  }
}

/** Length of the connection ids that Roost hands out (docs/architecture.md §1). */
export const cidBytes = 8

/**
 * 52 bits of a connection id or session id, random ones: a number hashes without allocating and is 30 bytes less than a
 * string; the caller compares the rest.
 */
const idKey = (bytes: Uint8Array, at: number): number => {
  const high = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  return high * 0x10_0000 + ((bytes[at + 4]! << 12) | (bytes[at + 5]! << 4) | (bytes[at + 6]! >> 4))
}
