/**
 * Does the time to reject a MAC-then-encrypt record tell why it was rejected (Lucky 13, RFC 5246 §6.2.3.2)? Four classes
 * of bad records of one length, interleaved, with the quantiles of each.
 *
 *     npx node libs/dtls/benchmark/PaddingTiming.ts [node:crypto]
 */
import { dtlsCrypto, nodeCrypto } from "@roost/dtls-crypto"
import {
  ContentType,
  type DirectionKeys,
  openRecord,
  readRecord,
  type RecordView,
  sealedRecordBytes,
  sealRecord,
  TLS_PSK_WITH_AES_128_CBC_SHA256
} from "../src/index.ts"

const crypto = process.argv[2] === "node:crypto" ? nodeCrypto : dtlsCrypto
const rounds = 60_000
const warmupRounds = 5000
const keys: DirectionKeys = {
  suite: TLS_PSK_WITH_AES_128_CBC_SHA256,
  encryptThenMac: false,
  key: new Uint8Array(16).fill(1),
  salt: new Uint8Array(32).fill(2)
}
const noCid = new Uint8Array(0)
const content = new Uint8Array(300)
const honest = new Uint8Array(sealedRecordBytes(keys, 0, content.length))
sealRecord(crypto, keys, ContentType.application_data, 1, 1, noCid, content, honest, 0)

const classes: ReadonlyArray<readonly [string, RecordView]> = [
  ["wrong MAC, short padding", spoilt((padded) => padded.fill(1, 0, 1))],
  ["wrong MAC, 255 bytes of padding", spoilt((padded) => padded.fill(255, -256))],
  ["padding_length 200, other bytes differ", spoilt((padded) => padded.fill(200, -1))],
  ["padding_length 3, one byte differs", spoilt((padded) => padded.fill(3, -1).fill(9, -2, -1))]
]
const times = classes.map((): Array<number> => [])
for (let round = 0; round < rounds; round++) {
  for (const [i, [name, record]] of classes.entries()) {
    const start = process.hrtime.bigint()
    const opened = openRecord(crypto, keys, record)
    const nanos = Number(process.hrtime.bigint() - start)
    if (opened !== undefined) throw new Error(`${name} was accepted`)
    if (round >= warmupRounds) times[i]!.push(nanos)
  }
}
for (const [i, [name]] of classes.entries()) {
  const sorted = times[i]!.sort((a, b) => a - b)
  const quantiles = [0.1, 0.5, 0.9].map((q) => `${sorted[Math.floor(sorted.length * q)]} ns`)
  console.log(`${name.padEnd(40)} p10 ${quantiles[0]}  p50 ${quantiles[1]}  p90 ${quantiles[2]}`)
}

/** The honest record with its decrypted content changed and encrypted again. */
function spoilt(change: (padded: Uint8Array) => void): RecordView {
  const iv = honest.subarray(13, 29)
  const padded = new Uint8Array(crypto.cbcDecrypt(keys.key, iv, honest.subarray(29)))
  change(padded)
  const record = honest.slice()
  crypto.cbcEncrypt(keys.key, iv, padded, record, 29)
  return readRecord(record, 0, 0)!
}
