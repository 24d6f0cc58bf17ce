import type { PeerAddress } from "@roost/contracts"
import { leadingBits, type Session } from "@roost/dtls"
import type { Device } from "../device/Device.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"

/**
 * Finds the device that a datagram belongs to: by our connection id, by peer address, by session id. An address gets in by a
 * handshake, whose cookie proved it, and by nothing else: a record that came by connection id displaces nobody.
 */
export class SessionTable {
  readonly #byCid = new Map<number, Device>()
  readonly #byPeer = new Map<number | string, Device>()
  readonly #bySessionId = new Map<number, Device>()

  get sizes(): { readonly cids: number; readonly peers: number; readonly sessionIds: number } {
    return { cids: this.#byCid.size, peers: this.#byPeer.size, sessionIds: this.#bySessionId.size }
  }

  /** Whether no other session has its connection id; 52 of its bits are the key, so a clash is a matter of 10^15. */
  isCidFree(session: Session): boolean {
    return session.readCidLength === 0 || !this.#byCid.has(session.readCidBits)
  }

  /** Enters the device's session. A session of another device on the same address loses the address, not its life. */
  bind(device: Device): void {
    const { dtls, peer } = device.session!
    if (dtls.readCidLength > 0) this.#byCid.set(dtls.readCidBits, device)
    this.#byPeer.set(peer.key, device)
    if (dtls.sessionIdLength > 0) this.#bySessionId.set(dtls.sessionIdBits, device)
  }

  /** Enters a session from the store. Of two that had one address, it is the newer handshake's, in whatever order they come. */
  restore(device: Device): void {
    const { dtls, establishedAt, peer } = device.bound!
    if (dtls.sessionIdLength > 0) this.#bySessionId.set(dtls.sessionIdBits, device)
    if (dtls.closed) return
    if (dtls.readCidLength > 0) this.#byCid.set(dtls.readCidBits, device)
    const there = this.#byPeer.get(peer.key)?.session
    if (there === undefined || there.establishedAt <= establishedAt) this.#byPeer.set(peer.key, device)
  }

  /** The device has another session now than the one that was bound. */
  rebind(device: Device, previous: DeviceSession): void {
    const { dtls, peer } = previous
    this.#unbindCid(device, dtls)
    this.#unbindSessionId(device, dtls)
    // Mostly the same: deleted and entered again, each would make the table be written anew sooner.
    if (peer.key !== device.session!.peer.key && this.#byPeer.get(peer.key) === device) this.#byPeer.delete(peer.key)
    this.bind(device)
  }

  unbind(device: Device, session: DeviceSession): void {
    this.unbindRoutes(device, session)
    this.#unbindSessionId(device, session.dtls)
  }

  /** Leaves only the session id: a closed session can still be resumed (RFC 5246 §7.2.1). */
  unbindRoutes(device: Device, session: DeviceSession): void {
    this.#unbindCid(device, session.dtls)
    if (this.#byPeer.get(session.peer.key) === device) this.#byPeer.delete(session.peer.key)
  }

  findByCid(datagram: Uint8Array, offset: number): Device | undefined {
    if (datagram.length < offset + cidBytes) return undefined
    const device = this.#byCid.get(leadingBits(datagram, offset))
    return device?.bound?.dtls.hasReadCid(datagram, offset) === true ? device : undefined
  }

  findByPeer(peer: PeerAddress): Device | undefined {
    return this.#byPeer.get(peer.key)
  }

  findBySessionId(sessionId: Uint8Array): Device | undefined {
    if (sessionId.length < cidBytes) return undefined
    const device = this.#bySessionId.get(leadingBits(sessionId, 0))
    const found = device?.bound?.dtls.sessionId
    if (found?.length !== sessionId.length) return undefined
    return found.every((byte, i) => byte === sessionId[i]) ? device : undefined
  }

  #unbindCid(device: Device, dtls: Session): void {
    if (dtls.readCidLength === 0) return
    const key = dtls.readCidBits
    if (this.#byCid.get(key) === device) this.#byCid.delete(key)
  }

  #unbindSessionId(device: Device, dtls: Session): void {
    if (dtls.sessionIdLength === 0) return
    const key = dtls.sessionIdBits
    if (this.#bySessionId.get(key) === device) this.#bySessionId.delete(key)
  }
}

/** Length of the connection ids that Roost hands out (docs/architecture.md §1). */
export const cidBytes = 8
