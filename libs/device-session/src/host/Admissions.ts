import type { DeviceEventKind } from "@roost/contracts"
import type { Session } from "@roost/dtls"
import type { Told } from "@roost/explain"
import type { Device } from "../device/Device.ts"
import type { CredentialChanges } from "../handshakes/CredentialChanges.ts"
import type { Handshake } from "../handshakes/Handshake.ts"
import { type GrantedKey, versionsOf } from "../handshakes/HandshakeKey.ts"
import type { Storing } from "../handshakes/HandshakeState.ts"
import {
  connectionIdTaken,
  credentialChanged,
  displacing,
  nodeFull,
  productSecretOutdated,
  refusedKind
} from "../handshakes/HandshakeTexts.ts"
import type { Verified } from "../handshakes/HandshakeTurn.ts"
import { newSession } from "../handshakes/NewSession.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import type { CachedPsk, DeviceFacts } from "../state/DeviceFacts.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"
import { candidateOf } from "../state/Saving.ts"
import type { Devices } from "./Devices.ts"
import type { HandshakeRefusals } from "./HandshakeRefusals.ts"
import type { HostTurn } from "./HostTurn.ts"

export interface AdmissionsOptions {
  readonly turn: HostTurn
  readonly devices: Devices
  readonly refusals: HandshakeRefusals
  readonly changes: CredentialChanges
}

/** The door between verified handshakes and devices: a session is made and stored, or operators hear why there is none. */
export class Admissions {
  readonly #options: AdmissionsOptions

  constructor(options: AdmissionsOptions) {
    this.#options = options
  }

  /**
   * Has the session of a verified handshake stored. It is answered then by `edge`, which heard its Finished: the one that began the
   * handshake may be gone. False: the handshake is given up.
   */
  admit(handshake: Handshake, verified: Verified, edge: EdgeLink): boolean {
    const { devices, turn } = this.#options
    const { identity, outcome } = verified
    const facts = this.#factsOf(handshake, verified)
    const known = devices.find(identity.productKey, identity.deviceKey)
    // It was begun twice, by a former owner or by a copy of what its device sent, and its keys protect other records by now. Its
    // own Finished answers the device's next repetition.
    if (known !== undefined && hasKeysOf(known, outcome.session)) return false
    if (!devices.table.isCidFree(outcome.session)) {
      this.#tell(handshake, refusedKind, connectionIdTaken)
      return false
    }
    if (this.#isOutdated(handshake, verified, facts) || this.#wouldDisplace(handshake, verified)) return false
    if (devices.areFull && known?.session === undefined) {
      turn.counters.handshakesOverLimit++
      this.#tell(handshake, refusedKind, nodeFull)
      return false
    }
    const device = devices.findOrMake(identity.productKey, identity.deviceKey)
    if (device === undefined) {
      turn.counters.notOwned++
      return false
    }
    const isResumption = verified._tag === "Resumed"
    const scope = isResumption ? device.session?.scope : undefined
    const state = storing(verified)
    handshake.state = state
    turn.counters.verified.observe((turn.now - handshake.startedAt) / 1e3)
    const candidate = {
      session: newSession(turn, handshake, { identity, facts, dtls: outcome.session, edge, scope }),
      verifiedAt: turn.now,
      until: turn.now + turn.config.handshakeMillisMax,
      edge,
      peer: handshake.peer,
      reply: outcome.reply,
      early: state.early,
      isResumption,
      psk: isResumption ? undefined : learned(verified.key, facts),
      secretTooShort: !isResumption && verified.key.secretTooShort,
      handshake,
      outdated: false
    }
    const clientRandomBits = isResumption ? undefined : verified.pending.clientRandomBits
    devices.run(device, { _tag: "Verified", candidate, clientRandomBits })
    return true
  }

  /** Facts with the version of the credential that it verified under. */
  #factsOf(handshake: Handshake, verified: Verified): DeviceFacts {
    if (verified._tag === "Resumed") return verified.facts
    const { facts } = verified.key
    const { previousVersion } = versionsOf(verified.key)
    if (previousVersion === undefined || !verified.pending.hasPreviousKey) return facts
    this.#tell(handshake, "product-secret-outdated", productSecretOutdated)
    return { ...facts, credentialVersion: previousVersion }
  }

  /** The key was the device's own when it was asked for, and is not any more: silence, as for any wrong key. */
  #isOutdated(handshake: Handshake, { identity }: Verified, { credentialVersion }: DeviceFacts): boolean {
    if (identity.secureMode !== 2) return false
    const { changes, turn } = this.#options
    if (!changes.isOutdated(identity.productKey, identity.deviceKey, credentialVersion)) return false
    turn.counters.handshakesRefused++
    this.#tell(handshake, refusedKind, credentialChanged)
    return true
  }

  /**
   * A peer that has the product's secret does not end the session of a device that has its own. Only one made with a secret
   * that the registry has replaced since gives way, and is told offline first.
   */
  #wouldDisplace(handshake: Handshake, verified: Verified): boolean {
    const { devices, turn } = this.#options
    const { deviceKey, productKey, secureMode } = verified.identity
    if (secureMode !== 3) return false
    const device = devices.find(productKey, deviceKey)
    if (device === undefined) return false
    const deviceCredentialVersion = verified._tag === "Full" ? versionsOf(verified.key).deviceCredentialVersion : 0
    const { session } = device
    const isCurrent = (own: DeviceSession) => own.facts.credentialVersion >= deviceCredentialVersion
    if ([candidateOf(device), session].some((own) => isOfItsSecret(own) && isCurrent(own))) {
      turn.counters.handshakesRefused++
      this.#tell(handshake, refusedKind, displacing)
      return true
    }
    if (isOfItsSecret(session)) devices.run(device, { _tag: "Revoked" })
    return false
  }

  #tell(handshake: Handshake, kind: DeviceEventKind, told: Told): void {
    this.#options.refusals.tell(this.#options.turn.now, handshake, kind, told)
  }
}

const hasKeysOf = (device: Device, dtls: Session): boolean =>
  device.session?.dtls.hasKeysOf(dtls) === true || candidateOf(device)?.dtls.hasKeysOf(dtls) === true

/** Made with the device's own secret, which it still has. */
const isOfItsSecret = (session: DeviceSession | undefined): session is DeviceSession =>
  session?.secureMode === 2 && !session.revoked

/** The key that the device is known by from now on. */
const learned = (key: GrantedKey, facts: DeviceFacts): CachedPsk => {
  if (key.facts === facts && !("previousVersion" in key)) return key
  const { day, productVersion, psk, secretTooShort } = key
  return { psk, facts, productVersion, day, secretTooShort }
}

const storing = (verified: Verified): Storing => ({
  _tag: "Storing",
  session: verified.outcome.session,
  early: [...verified.outcome.early],
  resumption: verified._tag === "Resumed" ? verified.pending : undefined
})
