import { Effects } from "@roost/actors"
import type { DeviceEventKind } from "@roost/contracts"
import type { Crypto, HandshakeOutcome, PendingHandshake, PendingResumption } from "@roost/dtls"
import type { PskIdentity } from "@roost/enos"
import type { Told } from "@roost/explain"
import type { Counters } from "../state/Counters.ts"
import type { DeviceFacts } from "../state/DeviceFacts.ts"
import type { DeviceSessionConfig } from "../state/DeviceSessionConfig.ts"
import type { DeviceTurn } from "../state/DeviceTurn.ts"
import type { Handshake } from "./Handshake.ts"
import type { GrantedKey } from "./HandshakeKey.ts"
import type { AwaitFinished, AwaitKey, AwaitResumed } from "./HandshakeState.ts"
import type { KnownKeys } from "./KnownKeys.ts"
import type { WrongKeys } from "./WrongKeys.ts"

/** An effect that a handshake can want. `HandshakeServer` carries it out as soon as the input that it came of is handled. */
export type HandshakeEffect =
  /** Our flight again. */
  | { readonly _tag: "Reply"; readonly datagrams: ReadonlyArray<Uint8Array> }
  | { readonly _tag: "Ask"; readonly question: Question }
  /** Operators are told why. */
  | { readonly _tag: "Refuse"; readonly kind: DeviceEventKind; readonly told: Told }
  | { readonly _tag: "Verified"; readonly verified: Verified }

/** A question to the registry, and the state that it is of. */
export type Question =
  | { readonly about: "Key"; readonly state: AwaitKey }
  /** For keys that come of known mistakes. */
  | { readonly about: "Mistakes"; readonly state: AwaitFinished | AwaitResumed }
  /** Whether it has the device of a handshake that was given up: whose events are to tell of it? */
  | { readonly about: "Device" }

type Established = HandshakeOutcome & { readonly _tag: "Established" }

/** A Finished verified: under a key, or under those of a session that is resumed. */
export type Verified =
  | {
      readonly _tag: "Full"
      readonly identity: PskIdentity
      readonly pending: PendingHandshake
      readonly key: GrantedKey
      readonly outcome: Established
    }
  | {
      readonly _tag: "Resumed"
      readonly identity: PskIdentity
      readonly pending: PendingResumption
      readonly facts: DeviceFacts
      readonly outcome: Established
    }

/** The turn that a handshake's code is given beside its input. One object for all handshakes of a host. */
export class HandshakeTurn {
  readonly crypto: Crypto
  readonly counters: Counters
  readonly config: DeviceSessionConfig
  readonly keys: KnownKeys
  readonly wrongKeys: WrongKeys
  readonly effects = new Effects<HandshakeEffect>()
  readonly #turn: DeviceTurn

  constructor(turn: DeviceTurn & { readonly crypto: Crypto }, keys: KnownKeys, wrongKeys: WrongKeys) {
    this.#turn = turn
    this.crypto = turn.crypto
    this.counters = turn.counters
    this.config = turn.config
    this.keys = keys
    this.wrongKeys = wrongKeys
  }

  /** Milliseconds of the host's clock. */
  get now(): number {
    return this.#turn.now
  }
}

/** Operators hear why. The device never does. */
export const refuse = (turn: HandshakeTurn, handshake: Handshake, kind: DeviceEventKind, told: Told): void => {
  handshake.told = true
  turn.effects.push({ _tag: "Refuse", kind, told })
}
