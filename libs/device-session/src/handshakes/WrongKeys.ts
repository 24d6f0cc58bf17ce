import { type Allowance, allowance, Allowances, BoundedMap, sourceOf, take } from "@roost/bounded"
import { type Crypto, PendingHandshake } from "@roost/dtls"
import { keyMistakes, type MistakenKey } from "@roost/enos"
import { rejectText } from "./HandshakeTexts.ts"
import { type HandshakeInProgress, nobody } from "./Handshakes.ts"

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
 * silence in any case: nobody can tell by it which devices there are, or try a key more often than handshakes let him.
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

  /** Whether it is to be asked for now: it was not yet, it is not the one that the device had before, and others left the time. */
  admit(now: number, handshake: HandshakeInProgress): boolean {
    if (handshake.wrongKey !== undefined) return false
    const known = this.#known.get(nameOf(handshake))
    if (known !== undefined && this.#isOf(handshake, known)) {
      handshake.wrongKey = mistakeText(known)
      return false
    }
    // A cost of 0 brings `left` up to date: what the source may not is not taken from all.
    take(this.#allowance, now, lookedIntoPerSecondMax, lookedIntoBurstMax, 0)
    if (this.#allowance.left < 1 || !this.#sources.take(now, sourceOf(handshake.peer.key))) return false
    this.#allowance.left--
    handshake.wrongKey = "asked"
    handshake.told = true
    return true
  }

  /** The registry answered. */
  explain(handshake: HandshakeInProgress, keys: ReadonlyArray<MistakenKey> = []): void {
    const found = keys.find((key) => this.#isOf(handshake, key))
    handshake.wrongKey =
      found === undefined ? `${rejectText.RecordUnverifiable}. ${noneFitsText(keys)}` : mistakeText(found)
    if (found !== undefined) this.#known.set(nameOf(handshake), found)
  }

  #isOf({ pending }: HandshakeInProgress, { key }: MistakenKey): boolean {
    return pending instanceof PendingHandshake && pending.wouldVerify(this.#crypto, key)
  }
}

/** Why the Finished failed: what else is wrong with the handshake, what its key comes of, or that this is not known. */
export const keyText = ({ refusal, wrongKey }: HandshakeInProgress): string =>
  refusal ?? wrongKey ?? `${rejectText.RecordUnverifiable}. ${notLookedIntoText}`

const mistakeText = ({ mistake }: MistakenKey): string =>
  `wrong key: the device has the right secret, and its key is ${keyMistakes[mistake]}. Expected: bytes 9–24, counted from 1, of SHA-256 of ` +
  "the secret's text"

const noneFitsText = (keys: ReadonlyArray<MistakenKey>): string =>
  keys.length === 0
    ? "The registry did not say whether a known mistake fits"
    : `None of ${keys.length} known mistakes in deriving the key fits: likely it is another secret`

const notLookedIntoText =
  `Whether a known mistake fits was not looked into: that is done for one wrong key in ${1 / perSource.perSecond} s of an address, ` +
  "so try again then"

const nameOf = ({ identity, named = nobody, peer }: HandshakeInProgress): string =>
  `${sourceOf(peer.key)} ${named.productKey},${named.deviceKey},${identity?.secureMode}`
