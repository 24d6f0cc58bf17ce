import { BoundedMap } from "@roost/bounded"
import { formatPeerAddress, type PeerAddress } from "@roost/contracts"

/** Devices whose sessions were replaced that are remembered, and for how long. */
const rememberedMax = 10_000
export const rememberedMillis = 3_600_000
/** So many within that time, from whatever addresses, are no restarts and no NAT's work. */
export const replacementsMax = 5

interface Replaced {
  /** Addresses of the sessions that gave way, the newest last. */
  readonly peers: Array<PeerAddress>
  readonly since: number
}

/** A replacement as operators hear of it; `routine` is what healthy devices do, too. */
export interface Replacement {
  readonly reason: string
  readonly routine: boolean
}

/**
 * Handshakes that took the place of a session at another address. One is what a restart or a NAT makes of any device. Back and forth
 * between two addresses, two devices have one identity and keep each other out.
 */
export class SessionReplacements {
  readonly #devices = new BoundedMap<string, Replaced>(rememberedMax)

  /** `silentMillis`: since the former session was heard of. */
  note(now: number, device: string, former: PeerAddress, peer: PeerAddress, silentMillis: number): Replacement {
    const known = this.#devices.get(device)
    const replaced = known !== undefined && now - known.since < rememberedMillis ? known : { peers: [], since: now }
    const isBack = replaced.peers.some(({ key }) => key === peer.key)
    replaced.peers.push(former)
    if (replaced.peers.length > replacementsMax) replaced.peers.shift()
    this.#devices.set(device, replaced)
    const what =
      `the session from ${formatPeerAddress(former)}, last heard of ${Math.round(silentMillis / 1000)} s before, was replaced by a handshake from ` +
      `${formatPeerAddress(peer)} with the same secret`
    if (!isBack && replaced.peers.length < replacementsMax) {
      const why =
        "Likely the device started anew, or its NAT gave it another address and it uses no connection id. If it goes back and forth, two devices have one identity"
      return { reason: `${what}; what still comes from the former address meets silence. ${why}`, routine: true }
    }
    const often = isBack
      ? `A session from ${formatPeerAddress(peer)} had been replaced before`
      : `It is the ${replacementsMax}th within an hour`
    const cure =
      "Likely two devices have one identity, such as a cloned image: each keeps the other out. Give each a device key and a secret of its own; " +
      "POST …:rotate-secret keeps out who does not get the new one"
    return { reason: `${what}. ${often}. ${cure}`, routine: false }
  }
}
