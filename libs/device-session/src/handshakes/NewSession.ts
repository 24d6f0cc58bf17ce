import type { Crypto, Session } from "@roost/dtls"
import type { PskIdentity } from "@roost/enos"
import type { DeviceFacts } from "../state/DeviceFacts.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"
import type { DeviceTurn } from "../state/DeviceTurn.ts"
import type { EdgeLink } from "../state/EdgeLink.ts"
import { unprovedPath } from "../state/Path.ts"
import { restoredSequence } from "../state/RestoredSequence.ts"
import { kindBit } from "../state/UplinkKinds.ts"
import type { Handshake } from "./Handshake.ts"

/** The terms that a verified handshake agreed on. */
interface Agreed {
  readonly identity: PskIdentity
  readonly facts: DeviceFacts
  readonly dtls: Session
  /** The edge that heard its Finished. */
  readonly edge: EdgeLink
  /** Of the session that it resumes. */
  readonly scope: string | undefined
}

/** The session that a verified handshake makes, as it is stored first. */
export const newSession = (
  turn: DeviceTurn & { readonly crypto: Crypto },
  handshake: Handshake,
  { dtls, edge, facts, identity, scope }: Agreed
): DeviceSession => {
  const { now } = turn
  // The former owner may have answered, and sealed more: only Finished is the same under the same number.
  if (handshake.repeated) dtls.writeSequence = restoredSequence(dtls.writeSequence, -1, turn.random)
  // Nothing more is sealed until the first block is stored with it.
  dtls.writeLimit = dtls.writeSequence
  const handle = hex(turn.crypto.randomBytes(handleBytes))
  return {
    productKey: identity.productKey,
    deviceKey: identity.deviceKey,
    secureMode: identity.secureMode,
    lifetimeMillis: identity.lifetimeSeconds * 1000,
    dtls,
    handle,
    scope: scope ?? handle,
    formerScope: undefined,
    facts,
    revoked: false,
    exchanges: undefined,
    lastTopic: undefined,
    peer: handshake.peer,
    edge,
    path: unprovedPath(handshake.movedTo, handshake.startedAt),
    lastSeenAt: now,
    online: false,
    requests: undefined,
    establishedAt: turn.wallOf(now),
    savedSeenAt: 0,
    kinds: kindBit("measurepoint"),
    restored: undefined,
    recalled: undefined,
    acksDue: undefined,
    outbox: undefined
  }
}

/** Bytes of a session's name in uplinks and events. */
const handleBytes = 8
const hex = (bytes: Uint8Array): string => bytes.toHex()
