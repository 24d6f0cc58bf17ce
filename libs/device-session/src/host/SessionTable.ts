import type { PeerAddress } from "@roost/contracts"
import { leadingBits, type Session } from "@roost/dtls"
import type { DeviceActor } from "../state/DeviceActor.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"

/**
 * Finds the actor that a datagram belongs to: by our connection id, by peer address, by session id. An address gets in by a
 * handshake, whose cookie proved it, and by nothing else: a record that came by connection id displaces nobody.
 */
export class SessionTable {
  readonly #byCid = new Map<number, DeviceActor>()
  readonly #byPeer = new Map<number | string, DeviceActor>()
  readonly #bySessionId = new Map<number, DeviceActor>()

  get sizes(): { readonly cids: number; readonly peers: number; readonly sessionIds: number } {
    return { cids: this.#byCid.size, peers: this.#byPeer.size, sessionIds: this.#bySessionId.size }
  }

  /** Whether no other session has its connection id; 52 of its bits are the key, so a clash is a matter of 10^15. */
  isCidFree(session: Session): boolean {
    return session.readCidLength === 0 || !this.#byCid.has(session.readCidBits)
  }

  /** Enters the actor's session. A session of another device on the same address loses the address, not its life. */
  bind(actor: DeviceActor): void {
    const { dtls, peer } = actor.session!
    if (dtls.readCidLength > 0) this.#byCid.set(dtls.readCidBits, actor)
    this.#byPeer.set(peer.key, actor)
    if (dtls.sessionIdLength > 0) this.#bySessionId.set(dtls.sessionIdBits, actor)
  }

  /** Enters a session from the store. Of two that had one address, it is the newer handshake's, in whatever order they come. */
  restore(actor: DeviceActor): void {
    const { dtls, establishedAt, peer } = actor.session!
    if (dtls.sessionIdLength > 0) this.#bySessionId.set(dtls.sessionIdBits, actor)
    if (dtls.closed) return
    if (dtls.readCidLength > 0) this.#byCid.set(dtls.readCidBits, actor)
    const there = this.#byPeer.get(peer.key)?.session
    if (there === undefined || there.establishedAt <= establishedAt) this.#byPeer.set(peer.key, actor)
  }

  /** The actor has another session now than the one that was bound. */
  rebind(actor: DeviceActor, previous: DeviceSession): void {
    const { dtls, peer } = previous
    this.#unbindCid(actor, dtls)
    this.#unbindSessionId(actor, dtls)
    // Mostly the same: deleted and entered again, each would make the table be written anew sooner.
    if (peer.key !== actor.session!.peer.key && this.#byPeer.get(peer.key) === actor) this.#byPeer.delete(peer.key)
    this.bind(actor)
  }

  unbind(actor: DeviceActor): void {
    this.unbindRoutes(actor)
    this.#unbindSessionId(actor, actor.session!.dtls)
  }

  /** Leaves only the session id: a closed session can still be resumed (RFC 5246 §7.2.1). */
  unbindRoutes(actor: DeviceActor): void {
    const session = actor.session!
    this.#unbindCid(actor, session.dtls)
    if (this.#byPeer.get(session.peer.key) === actor) this.#byPeer.delete(session.peer.key)
  }

  findByCid(datagram: Uint8Array, offset: number): DeviceActor | undefined {
    if (datagram.length < offset + cidBytes) return undefined
    const actor = this.#byCid.get(leadingBits(datagram, offset))
    return actor?.session?.dtls.hasReadCid(datagram, offset) === true ? actor : undefined
  }

  findByPeer(peer: PeerAddress): DeviceActor | undefined {
    return this.#byPeer.get(peer.key)
  }

  findBySessionId(sessionId: Uint8Array): DeviceActor | undefined {
    if (sessionId.length < cidBytes) return undefined
    const actor = this.#bySessionId.get(leadingBits(sessionId, 0))
    const found = actor?.session?.dtls.sessionId
    if (found?.length !== sessionId.length) return undefined
    return found.every((byte, i) => byte === sessionId[i]) ? actor : undefined
  }

  #unbindCid(actor: DeviceActor, dtls: Session): void {
    if (dtls.readCidLength === 0) return
    const key = dtls.readCidBits
    if (this.#byCid.get(key) === actor) this.#byCid.delete(key)
  }

  #unbindSessionId(actor: DeviceActor, dtls: Session): void {
    if (dtls.sessionIdLength === 0) return
    const key = dtls.sessionIdBits
    if (this.#bySessionId.get(key) === actor) this.#bySessionId.delete(key)
  }
}

/** Length of the connection ids that Roost hands out (docs/architecture.md §1). */
export const cidBytes = 8
