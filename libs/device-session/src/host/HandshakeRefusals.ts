import type { DeviceEventKind, PeerAddress } from "@roost/contracts"
import { formatIdentity, printableText } from "@roost/enos"
import type { Events } from "./Events.ts"
import type { HandshakeInProgress } from "../handshakes/Handshakes.ts"
import { addressOf } from "../state/Path.ts"
import { SessionReplacements } from "../handshakes/SessionReplacements.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"

/**
 * Tells why handshakes were refused: under the device that they name if that is registered, else as a stranger's, which
 * can be found by address and by identity. So nobody makes up subjects by making up identities.
 */
export class HandshakeRefusals {
  readonly #events: Events
  readonly #replacements = new SessionReplacements()

  constructor(events: Events) {
    this.#events = events
  }

  tell(now: number, handshake: HandshakeInProgress, kind: DeviceEventKind, reason: string): void {
    const { identity, named, peer, pending } = handshake
    handshake.told = true
    if (handshake.registered && named !== undefined) {
      const detail = identity === undefined ? undefined : { secureMode: identity.secureMode }
      this.#events.report(now, named, { kind, peer, reason, more: { detail } })
      return
    }
    const text =
      pending !== undefined && "identity" in pending
        ? printableText(pending.identity)
        : identity && formatIdentity(identity)
    this.#events.refused({ peer, kind, proven: true, reason, ...(text === undefined ? {} : { identity: text }) })
  }

  /** The session of a full handshake took the place of another one, of which the device did not take leave. */
  tellReplaced(now: number, peer: PeerAddress, former: DeviceSession): void {
    const from = addressOf(former)
    if (!isLive(former) || from.key === peer.key) return
    const { deviceKey, productKey } = former
    const silentMillis = now - former.lastSeenAt
    const { reason, routine } = this.#replacements.note(now, `${productKey},${deviceKey}`, from, peer, silentMillis)
    this.#events.report(now, former, { kind: "session-replaced", peer, reason, more: { routine } })
  }
}

/** A device that said goodbye, or was silent for its Lifetime, begins anew as it should. */
const isLive = ({ dtls, online }: DeviceSession): boolean => online && !dtls.closed
