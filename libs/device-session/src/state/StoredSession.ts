import {
  type DataFormat,
  type DownlinkMode,
  type PeerAddress,
  peerAddressLength,
  readPeerAddress
} from "@roost/contracts"
import { deserializeSession, serializeSession, type Session } from "@roost/dtls"
import * as Result from "effect/Result"
import type { CommandNote } from "./PendingCommands.ts"
import { StateReader, StateWriter } from "./StateBytes.ts"
import { type DeviceFacts, deviceFacts } from "./DeviceFacts.ts"

/**
 * First byte of every stored session. Version 1 had times of its writer's clock where this one has intervals, and is read too;
 * any other is not: its device handshakes again.
 */
export const storedSessionVersion = 2
const formerVersion = 1

/**
 * A device's session as the bucket SESSIONS has it, in clear; sealed before it leaves the process. About 330 bytes for
 * a device with a connection id and nothing pending.
 */
export interface StoredSession {
  /** Of the owner that wrote it: a larger one has taken the partition over. */
  readonly fencingToken: number
  readonly productKey: string
  readonly deviceKey: string
  readonly secureMode: 2 | 3
  readonly lifetimeSeconds: number
  /** 16 hexadecimal digits: the session's name in uplinks and events. */
  readonly handle: string
  /** As `DeviceSession.scope`. */
  readonly scope: string
  /** Milliseconds since 1970 on the wall clock of the owner that wrote it. */
  readonly establishedAt: number
  readonly lastSeenAt: number
  /** For how long the device had been silent when this was written. No other host's clock is in it. */
  readonly silentMillis: number
  readonly online: boolean
  /** Written when its owner gave it up: nothing happened after it, so that `lastSeenAt` is the device's last sign. */
  readonly final: boolean
  /** Kinds of uplinks that the device sent in this session, as bits: where a trace of its newest record may be. */
  readonly kinds: number
  readonly facts: DeviceFacts
  readonly edgeId: string
  readonly peer: PeerAddress
  /** Its `writeLimit` is the end of the reserved block. */
  readonly dtls: Session
  /** `ServerExchanges.serialize`. */
  readonly exchanges: Uint8Array
  /** Their `deliveredAt` is how many milliseconds before the write it was. */
  readonly commands: ReadonlyArray<CommandNote>
}

/** Why a stored session can't be read: a fault of ours in every case, since only this cluster can seal. */
export type StoredSessionFault = "UnknownVersion" | "Malformed"

/** A view that is good until the next call. `writeLimit` stands in for the session's own. */
export const encodeStoredSession = (stored: StoredSession, writeLimit: number): Uint8Array => {
  const { commands, facts, kinds } = stored
  writer
    .reset()
    .uint8(storedSessionVersion)
    .uint8(
      (stored.online ? onlineFlag : 0) |
        (stored.final ? finalFlag : 0) |
        (stored.secureMode === 3 ? productSecretFlag : 0) |
        (facts.dataFormat === "Custom" ? customFlag : 0) |
        (facts.downlink === "serial" ? serialFlag : 0) |
        (facts.closeNotify === "offline" ? offlineFlag : 0)
    )
    .uint16(kinds)
    .uint48(stored.fencingToken)
    .uint48(stored.establishedAt)
    .uint48(stored.lastSeenAt)
    .uint48(stored.silentMillis)
    .uint48(stored.lifetimeSeconds)
    .uint48(facts.credentialVersion)
    .text(stored.productKey)
    .text(stored.deviceKey)
    .text(facts.assetId)
    .text(stored.handle)
    .text(stored.scope === stored.handle ? "" : stored.scope)
    .uint16(facts.piggybackMillis ?? piggybackUnsaid)
    .text(stored.edgeId)
    .bytes(stored.peer.bytes)
    .bytes(serializeSession(stored.dtls, writeLimit))
    .bytes(stored.exchanges)
    .uint8(commands.length)
  for (const { deliveredAt, deliveries, finished, id, overtaken, owed } of commands) {
    writer
      .text(id)
      .uint8((finished ? finishedFlag : 0) | (owed === true ? owedFlag : 0) | (overtaken === true ? overtakenFlag : 0))
      .uint16(deliveries)
      .uint48(deliveredAt)
  }
  return writer.view
}

/** `wallNow`: what an entry of version 1 is measured by. */
export const decodeStoredSession = (
  bytes: Uint8Array,
  wallNow: number
): Result.Result<StoredSession, StoredSessionFault> => {
  const reader = new StateReader(bytes)
  const version = reader.uint8()
  if (version !== storedSessionVersion && version !== formerVersion) return Result.fail("UnknownVersion")
  const sinceThen = (at: number) => Math.max(0, wallNow - at)
  const flags = reader.uint8()
  const kinds = reader.uint16()
  const fencingToken = reader.uint48()
  const establishedAt = reader.uint48()
  const lastSeenAt = reader.uint48()
  const silentMillis = version === formerVersion ? sinceThen(lastSeenAt) : reader.uint48()
  const lifetimeSeconds = reader.uint48()
  const credentialVersion = reader.uint48()
  const productKey = reader.text()
  const deviceKey = reader.text()
  const assetId = reader.text()
  const handle = reader.text()
  const scope = version === formerVersion ? "" : reader.text()
  const piggybackMillis = version === formerVersion ? piggybackUnsaid : reader.uint16()
  const edgeId = reader.text()
  const address = reader.bytes()
  const peer = readPeerAddress(address, 0)
  const dtls = deserializeSession(reader.bytes())
  const exchanges = reader.bytes()
  const commands: Array<CommandNote> = []
  for (let left = reader.uint8(); left > 0 && !reader.failed; left--) {
    const id = reader.text()
    const note = reader.uint8()
    const deliveries = reader.uint16()
    const delivered = reader.uint48()
    commands.push({
      id,
      finished: (note & finishedFlag) !== 0,
      ...((note & owedFlag) !== 0 && { owed: true }),
      ...((note & overtakenFlag) !== 0 && { overtaken: true }),
      deliveries,
      deliveredAt: version === formerVersion ? sinceThen(delivered) : delivered
    })
  }
  const dataFormat: DataFormat = (flags & customFlag) === 0 ? "Json" : "Custom"
  const downlink: DownlinkMode = (flags & serialFlag) === 0 ? "pipelined" : "serial"
  if (!reader.complete || peer === undefined || peerAddressLength(peer) !== address.length || Result.isFailure(dtls)) {
    return Result.fail("Malformed")
  }
  if (productKey === "" || deviceKey === "" || edgeId.length > edgeIdLengthMax) return Result.fail("Malformed")
  return Result.succeed({
    fencingToken,
    productKey,
    deviceKey,
    secureMode: (flags & productSecretFlag) === 0 ? 2 : 3,
    lifetimeSeconds,
    handle,
    scope: scope === "" ? handle : scope,
    establishedAt,
    lastSeenAt,
    silentMillis,
    online: (flags & onlineFlag) !== 0,
    final: (flags & finalFlag) !== 0,
    kinds,
    facts: deviceFacts(
      { assetId, credentialVersion, dataFormat, downlink },
      piggybackMillis === piggybackUnsaid ? undefined : piggybackMillis,
      (flags & offlineFlag) === 0 ? undefined : "offline"
    ),
    edgeId,
    peer,
    dtls: dtls.success,
    exchanges,
    commands
  })
}

const writer = new StateWriter()
const onlineFlag = 1
const finalFlag = 2
const productSecretFlag = 4
const customFlag = 8
const serialFlag = 16
const offlineFlag = 32
/** In place of `piggybackMillis`, which is less. */
const piggybackUnsaid = 0xffff
/** Of a command. */
const finishedFlag = 1
const owedFlag = 2
const overtakenFlag = 4
/** A frame's origin has no more (`FrameWriter`). */
const edgeIdLengthMax = 64
