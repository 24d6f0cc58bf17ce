import { type Allowance, allowance, Allowances, BoundedMap, sourceOf, take } from "@roost/bounded"
import type { Crypto } from "@roost/dtls"
import { type KeyMistake, keyMistakes, type MistakenKey } from "@roost/enos"
import { keyMistakeCode, reasonOf, type Told, told } from "@roost/explain"
import { type Handshake, identityOf, namedBy, nobody } from "./Handshake.ts"
import { isRefused } from "./HandshakeKey.ts"
import { asked, type AwaitFinished, type AwaitResumed } from "./HandshakeState.ts"

/** Wrong keys of this node that are looked into, a second and saved up: each takes some 30 key derivations, less than a millisecond. */
export const lookedIntoPerSecondMax = 2
export const lookedIntoBurstMax = 20
/** Of one source. */
const perSource = { perSecond: 0.1, burst: 5, max: 10_000 }
/** Devices whose mistake is known. */
const knownMax = 1_000

/**
 * Which mistake a wrong key comes of. The registry is asked for the keys that firmware was seen to use by mistake, and the Finished that
 * failed is tried under each. Of every name alike, whether there is such a device or not, and only after the refusal, which is
 * silence in any case. Nobody can tell by it which devices there are, or try a key more often than handshakes let him.
 */
export class WrongKeys {
  readonly #crypto: Crypto
  readonly #allowance: Allowance
  readonly #sources = new Allowances<number | string>(perSource)
  readonly #known = new BoundedMap<string, MistakenKey>(knownMax)

  constructor(crypto: Crypto) {
    this.#crypto = crypto
    this.#allowance = allowance(0, lookedIntoBurstMax)
  }

  /** Whether it is to be asked for now: not yet asked for, not the one that the device had before, and others left the time. */
  admit(now: number, handshake: Handshake, state: Awaiting): boolean {
    if (state.wrongKey._tag !== "NotAsked") return false
    const known = this.#known.get(nameOf(handshake))
    if (known !== undefined && this.#isOf(state, known)) {
      state.wrongKey = { _tag: "Explained", told: mistakeTold(known) }
      return false
    }
    // A cost of 0 brings `left` up to date: what the source may not is not taken from all.
    take(this.#allowance, now, lookedIntoPerSecondMax, lookedIntoBurstMax, 0)
    if (this.#allowance.left < 1 || !this.#sources.take(now, sourceOf(handshake.peer.key))) return false
    this.#allowance.left--
    state.wrongKey = asked
    handshake.told = true
    return true
  }

  /** The registry answered. */
  explain(handshake: Handshake, state: Awaiting, keys: ReadonlyArray<MistakenKey> = []): void {
    const found = keys.find((key) => this.#isOf(state, key))
    state.wrongKey = { _tag: "Explained", told: found === undefined ? noneFits(keys) : mistakeTold(found) }
    if (found !== undefined) this.#known.set(nameOf(handshake), found)
  }

  #isOf(state: Awaiting, { key }: MistakenKey): boolean {
    return state._tag === "AwaitFinished" && state.pending.wouldVerify(this.#crypto, key)
  }
}

type Awaiting = AwaitFinished | AwaitResumed

/** Why the Finished failed: what else is wrong with the handshake, what its key comes of, or that this is not known. */
export const keyTold = (handshake: Handshake, { wrongKey }: Awaiting): Told => {
  const explained = wrongKey._tag === "Explained" ? wrongKey.told : undefined
  return refusalOf(handshake) ?? explained ?? notLookedInto
}

/** The fault of the handshake beside its key: its identity can't be read, or the registry has no key for it. */
export const refusalOf = ({ claim, state }: Handshake): Told | undefined => {
  if ("refusal" in claim) return claim.refusal
  return state._tag === "AwaitFinished" && isRefused(state.key) ? state.key.refusal : undefined
}

/* Made once: a handshake that failed keeps what is told of it until its time is over. */

const mistakesTold: ReadonlyMap<KeyMistake, Told> = new Map(
  (Object.keys(keyMistakes) as Array<KeyMistake>).map((mistake) => [mistake, told(keyMistakeCode(mistake))])
)
const mistakeTold = ({ mistake }: MistakenKey): Told => mistakesTold.get(mistake)!

const wrongKeyTold = (more: string): Told => told("wrong-key", `${reasonOf("wrong-key")} ${more}`)

const notSaid = wrongKeyTold("The registry did not say whether a known mistake fits.")
const noneFitsOf = wrongKeyTold(
  `None of ${Object.keys(keyMistakes).length} known mistakes in deriving the key fits: likely it is another secret.`
)
const noneFits = (keys: ReadonlyArray<MistakenKey>): Told => (keys.length === 0 ? notSaid : noneFitsOf)

const notLookedInto = wrongKeyTold(
  `Known mistakes were not looked into: that is done for one wrong key in ${1 / perSource.perSecond} s of an address. Try again then.`
)

const nameOf = ({ claim, peer }: Handshake): string => {
  const { deviceKey, productKey } = namedBy(claim) ?? nobody
  return `${sourceOf(peer.key)} ${productKey},${deviceKey},${identityOf(claim)?.secureMode}`
}
