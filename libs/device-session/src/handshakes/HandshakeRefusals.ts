import type { DeviceEventKind, RefusalReason } from "@roost/contracts"
import type { RejectReason } from "@roost/dtls"
import { formatIdentity, printableText } from "@roost/enos"
import type { Events } from "../host/Events.ts"
import type { HandshakeInProgress } from "./Handshakes.ts"
import { addressOf } from "../state/Path.ts"
import { SessionReplacements } from "./SessionReplacements.ts"
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
      this.#events.happened(now, named, kind, peer, reason, { detail })
      return
    }
    const text =
      pending !== undefined && "identity" in pending
        ? printableText(pending.identity)
        : identity && formatIdentity(identity)
    this.#events.refused({ peer, kind, proven: true, reason, ...(text === undefined ? {} : { identity: text }) })
  }

  /** The session of a full handshake took the place of another one, of which the device did not take leave. */
  tellReplaced(now: number, { peer }: HandshakeInProgress, former: DeviceSession): void {
    const from = addressOf(former)
    if (!isLive(former) || from.key === peer.key) return
    const { deviceKey, productKey } = former
    const silentMillis = now - former.lastSeenAt
    const { reason, routine } = this.#replacements.note(now, `${productKey},${deviceKey}`, from, peer, silentMillis)
    this.#events.happened(now, former, "session-replaced", peer, reason, { routine })
  }
}

/** A device that said goodbye, or was silent for its Lifetime, begins anew as it should. */
const isLive = ({ dtls, online }: DeviceSession): boolean => online && !dtls.closed

export const refusedKind = "handshake-refused"

/** The registry's reasons for a device that comes to a handshake or asks for its secret, with cause and cure. */
export const refusalText = (reason: RefusalReason): string => `the registry refused: ${reason}; ${refusalTexts[reason]}`

const refusalTexts: Readonly<Record<RefusalReason, string>> = {
  UnknownProduct:
    "no product has this key. It is mistyped, the product is of another cluster, or it is not created yet (POST /v1/products)",
  UnknownDevice:
    "the product has no device with this key. It is mistyped, of another product, or not registered yet (POST …/devices)",
  DeviceDisabled: "an operator disabled the device. POST …:enable lets it in again",
  DynamicActivationDisabled:
    "the device came with its product's secret (SecureMode 3), and the product allows no dynamic activation. " +
    "Switch dynamicActivateEnabled on, or give the device a secret of its own and SecureMode 2",
  AlreadyActivated:
    "the device came with its product's secret (SecureMode 3), and it has fetched and used a secret of its own. " +
    "It lost that, or something else uses the product's secret. POST …:replace lets new hardware activate",
  ProductSecretRotated: "the product's secret was changed. Give the device the new one",
  TooManyActivations:
    "the device or its product fetched too many secrets. Find out which device does it again and again"
}

export const rejectText: Readonly<Record<RejectReason, string>> = {
  RecordUnverifiable:
    "wrong key: the device's secret is not the registered one, or its PSK is not bytes 9–24 of SHA-256 of it. " +
    "Compare both, or give the device another secret (POST …:rotate-secret)",
  VerifyDataMismatch: "the device's Finished covers another handshake than ours: something changed messages on the way",
  UnexpectedHandshake: "the device sent another handshake message where its Finished is due",
  BufferFull: "the device sent more data than is kept before its handshake is verified"
}

export const credentialChangedText =
  "the device's credential changed, or it was disabled or deleted, during its handshake"

export const displacingText =
  "the device has a session of its own secret (SecureMode 2), which no handshake with the product's secret (SecureMode 3) " +
  "displaces. It lost its secret, or something else uses the product's secret. POST …:replace lets new hardware activate"

export const secretTooShortText =
  "the device came in with a secret that is shorter than the registry takes today (ROOST_SECRET_LENGTH_MIN, 16 characters unless " +
  "it is set): whoever listens to one handshake can find it by trying. Give it a longer one (POST …:rotate-secret)"

export const unfinishedText = (millis: number): string =>
  `no Finished came within ${millis / 1000} s after ClientKeyExchange: the device gave up, went to sleep, or the rest of its ` +
  "flight was lost on the way. Its next handshake starts anew"

export const randomText =
  "the device's ClientHello has the random of the one before: it has no entropy, so each boot may repeat its keys' inputs. " +
  "Seed its random numbers, from a noisy input or a counter in flash"
