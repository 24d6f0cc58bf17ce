import { PendingResumption, type Session } from "@roost/dtls"
import type { PskIdentity } from "@roost/enos"
import type { HandshakeInProgress } from "./Handshakes.ts"
import type { HandshakeServerOptions } from "./HandshakeServerOptions.ts"
import { unprovedPath } from "../state/Path.ts"
import { restoredSequence } from "../state/RestoredSequence.ts"
import { kindBit } from "../device/Takeover.ts"
import type { DeviceFacts } from "../state/DeviceFacts.ts"
import type { DeviceSession } from "../state/DeviceSession.ts"

/** What a verified handshake makes, as it is stored first. */
export const newSession = (
  options: Pick<HandshakeServerOptions, "config" | "crypto" | "findActor" | "random" | "wallOf">,
  now: number,
  handshake: HandshakeInProgress,
  identity: PskIdentity,
  facts: DeviceFacts,
  dtls: Session
): DeviceSession => {
  // The former owner may have answered, and sealed more: only Finished is the same under the same number.
  if (handshake.repeated === true) dtls.writeSequence = restoredSequence(dtls.writeSequence, -1, options.random)
  // Nothing more is sealed until the first block is stored with it.
  dtls.writeLimit = dtls.writeSequence
  const handle = hex(options.crypto.randomBytes(handleBytes))
  const resumed = handshake.pending instanceof PendingResumption
  return {
    productKey: identity.productKey,
    deviceKey: identity.deviceKey,
    secureMode: identity.secureMode,
    lifetimeMillis: identity.lifetimeSeconds * 1000,
    dtls,
    handle,
    scope: (resumed ? options.findActor(identity.productKey, identity.deviceKey)?.session?.scope : undefined) ?? handle,
    formerScope: undefined,
    facts,
    revoked: false,
    exchanges: undefined,
    lastTopic: undefined,
    peer: handshake.peer,
    edge: handshake.edge,
    path: unprovedPath(handshake.movedTo, handshake.startedAt),
    lastSeenAt: now,
    online: false,
    requestsLeft: options.config.requestsBurstMax,
    requestsAt: now,
    establishedAt: options.wallOf(now),
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
