import type { DeviceEventKind, PeerAddress } from "@roost/contracts"
import { formatIdentity, printableText } from "@roost/enos"
import type { Told } from "@roost/explain"
import type { Events } from "./Events.ts"
import { type Handshake, identityOf, namedBy } from "../handshakes/Handshake.ts"
import { addressOf } from "../state/Path.ts"
import { SessionReplacements } from "../handshakes/SessionReplacements.ts"
import type { NamedDevice } from "../state/NamedDevice.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"

/**
 * Tells why handshakes were refused, under the device that they name if that is registered. Else it is a stranger's, which
 * can be found by address and by identity. So nobody makes up subjects by making up identities.
 */
export class HandshakeRefusals {
  readonly #events: Events
  readonly #replacements = new SessionReplacements()

  constructor(events: Events) {
    this.#events = events
  }

  tell(now: number, handshake: Handshake, kind: DeviceEventKind, { code, reason }: Told): void {
    const { claim, peer, registered } = handshake
    const identity = identityOf(claim)
    const named = namedBy(claim)
    handshake.told = true
    if (registered && named !== undefined) {
      const detail = identity === undefined ? undefined : { secureMode: identity.secureMode }
      this.#events.report(now, named, { kind, peer, reason, more: { code, detail } })
      return
    }
    const text = identityText(handshake)
    this.#events.refused({ peer, kind, code, proven: true, reason, ...(text === undefined ? {} : { identity: text }) })
  }

  /** A datagram of a peer met an exception. `device`: that it is known to be about. */
  tellFault(now: number, peer: PeerAddress, device: NamedDevice | undefined, reason: string): void {
    const kind = "actor-fault"
    if (device === undefined) this.#events.refused({ peer, kind, code: kind, proven: false, reason })
    else this.#events.report(now, device, { kind, peer, reason, more: { code: kind } })
  }

  /** The session of a full handshake took the place of another one, of which the device did not take leave. */
  tellReplaced(now: number, peer: PeerAddress, former: DeviceSession): void {
    const from = addressOf(former)
    if (!isLive(former) || from.key === peer.key) return
    const { deviceKey, productKey } = former
    const silentMillis = now - former.lastSeenAt
    const { reason, routine } = this.#replacements.note(now, `${productKey},${deviceKey}`, from, peer, silentMillis)
    this.#events.report(now, former, {
      kind: "session-replaced",
      peer,
      reason,
      more: { code: "session-replaced", routine }
    })
  }
}

/** As it came, while that is kept. */
const identityText = ({ claim, state }: Handshake): string | undefined => {
  if (state._tag === "AwaitKey" || state._tag === "AwaitFinished") return printableText(state.pending.identity)
  const identity = identityOf(claim)
  return identity && formatIdentity(identity)
}

/** A device that said goodbye, or was silent for its Lifetime, begins anew as it should. */
const isLive = ({ dtls, online }: DeviceSession): boolean => online && !dtls.closed
