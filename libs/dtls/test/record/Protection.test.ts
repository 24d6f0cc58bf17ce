import { nodeCrypto as crypto } from "@roost/dtls-crypto"
import { withExplicitNonces } from "@roost/dtls-crypto/testing"
import { assert, describe, it } from "vitest"
import { TLS_PSK_WITH_AES_128_CBC_SHA256, TLS_PSK_WITH_AES_128_CCM_8 } from "../../src/CipherSuite.ts"
import { ContentType, readRecord } from "../../src/record/Header.ts"
import type { DirectionKeys } from "../../src/record/DirectionKeys.ts"
import { openRecord, sealedRecordBytes, sealRecord } from "../../src/record/Protection.ts"
import { hex, unhex } from "../support/hex.ts"

const key = new Uint8Array(16).fill(1)
const protections: ReadonlyArray<readonly [string, DirectionKeys]> = [
  ["CCM_8", { suite: TLS_PSK_WITH_AES_128_CCM_8, encryptThenMac: false, key, salt: new Uint8Array(4).fill(2) }],
  [
    "CBC_SHA256 MAC-then-encrypt",
    { suite: TLS_PSK_WITH_AES_128_CBC_SHA256, encryptThenMac: false, key, salt: new Uint8Array(32).fill(2) }
  ],
  [
    "CBC_SHA256 encrypt-then-MAC",
    { suite: TLS_PSK_WITH_AES_128_CBC_SHA256, encryptThenMac: true, key, salt: new Uint8Array(32).fill(2) }
  ]
]
const cids = [new Uint8Array(0), Uint8Array.of(7), new Uint8Array(8).fill(9), new Uint8Array(255).fill(3)]

function seal(keys: DirectionKeys, cid: Uint8Array, plaintext: Uint8Array, sequence = 2 ** 40 + 5): Uint8Array {
  const target = new Uint8Array(sealedRecordBytes(keys, cid.length, plaintext.length))
  const end = sealRecord(crypto, keys, ContentType.application_data, 1, sequence, cid, plaintext, target, 0)
  assert.strictEqual(end, target.length)
  return target
}

const open = (keys: DirectionKeys, datagram: Uint8Array, cidLength: number) => {
  const record = readRecord(datagram, 0, cidLength)
  return record && openRecord(crypto, keys, record)
}

describe.each(protections)("%s", (_, keys) => {
  it.each(cids.map((cid) => [cid.length, cid] as const))(
    "opens what it sealed with a connection id of %i bytes",
    (_, cid) => {
      for (const length of [0, 1, 14, 15, 16, 17, 47, 48, 255, 256, 1200]) {
        const plaintext = crypto.randomBytes(length)
        const sealed = seal(keys, cid, plaintext)
        assert.strictEqual(sealed[0], cid.length > 0 ? ContentType.tls12_cid : ContentType.application_data)
        const opened = open(keys, sealed, cid.length)!
        assert.strictEqual(opened.contentType, ContentType.application_data)
        assert.strictEqual(hex(opened.fragment), hex(plaintext))
      }
    }
  )

  it("drops a record in which any single bit differs, header and connection id included (F11, F12, F13)", () => {
    for (const cid of cids.slice(0, 3)) {
      const sealed = seal(keys, cid, new Uint8Array(20).fill(5))
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        const forged = sealed.slice()
        forged[bit >> 3]! ^= 1 << (bit & 7)
        assert.isUndefined(open(keys, forged, cid.length))
      }
    }
  })

  it("drops a record whose fragment is cut at any byte (F6, F11)", () => {
    const sealed = seal(keys, cids[0]!, new Uint8Array(20))
    for (let length = 0; length < sealed.length - 13; length++) {
      const cut = sealed.slice(0, 13 + length)
      cut[11] = length >>> 8
      cut[12] = length
      assert.isUndefined(open(keys, cut, 0))
    }
  })
})

it("a nonce that is not the one it was sealed with opens nothing, whichever octet differs (F11)", () => {
  const [, keys] = protections[0]!
  for (let i = 0; i < 8; i++) {
    const sealed = seal(keys, cids[0]!, new Uint8Array(20))
    sealed[13 + i]! ^= 1
    assert.isUndefined(open(keys, sealed, 0))
  }
})

it("opens under the record's own explicit nonce, whatever it is, and still binds epoch and sequence (trust G1)", () => {
  const [, keys] = protections[0]!
  for (const cid of cids) {
    for (const explicit of ["0000000000000000", "ffffffffffffffff", "0500000000010000", "0001000000000006"]) {
      const sealing = withExplicitNonces(crypto, () => unhex(explicit))
      const target = new Uint8Array(sealedRecordBytes(keys, cid.length, 5))
      sealRecord(sealing, keys, ContentType.application_data, 1, 7, cid, new Uint8Array(5), target, 0)
      assert.strictEqual(hex(open(keys, target, cid.length)!.fragment), "0000000000")
      for (let at = 3; at < 11; at++) {
        const moved = target.slice()
        moved[at]! ^= 1
        assert.isUndefined(open(keys, moved, cid.length))
      }
    }
  }
})

it("all 256 values of padding_length: only the honest one opens (RFC 5246 §6.2.3.2, F12)", () => {
  const [, keys] = protections[1]!
  const iv = crypto.randomBytes(16)
  const content = new Uint8Array(300)
  let opens = 0
  for (let padding = 0; padding < 256; padding++) {
    // A sender that encrypts correctly, but claims any padding_length.
    const sealed = seal(keys, cids[0]!, content)
    const padded = crypto.cbcDecrypt(key, sealed.subarray(13, 29), sealed.subarray(29)).slice()
    padded[padded.length - 1] = padding
    sealed.set(iv, 13)
    crypto.cbcEncrypt(key, iv, padded, sealed, 29)
    if (open(keys, sealed, 0) !== undefined) opens++
  }
  assert.strictEqual(opens, 1)
})

it("accepts the longest padding there is, and content cut out exactly (RFC 5246 §6.2.3.2)", () => {
  const [, keys] = protections[1]!
  const content = new Uint8Array(16).fill(8)
  const honest = seal(keys, cids[0]!, content)
  const decrypted = crypto.cbcDecrypt(key, honest.subarray(13, 29), honest.subarray(29))
  // content 16 + MAC 32 + padding 255 + its length byte = 304, whole blocks
  const padded = new Uint8Array(304).fill(255)
  padded.set(decrypted.subarray(0, 48))
  const record = new Uint8Array(13 + 16 + padded.length)
  record.set(honest.subarray(0, 29))
  record[11] = (16 + padded.length) >>> 8
  record[12] = 16 + padded.length
  crypto.cbcEncrypt(key, record.subarray(13, 29), padded, record, 29)
  assert.strictEqual(hex(open(keys, record, 0)!.fragment), hex(content))
})

describe("DTLSInnerPlaintext (RFC 9146 §4, F13)", () => {
  const [, keys] = protections[0]!
  const cid = Uint8Array.of(1, 2, 3)

  // Sealing a classic record's type over the inner plaintext is not possible from outside, so the inner bytes go through
  // the crypto directly.
  const sealInner = (inner: Uint8Array): Uint8Array => {
    const record = seal(keys, cid, new Uint8Array(inner.length - 1), 1)
    const nonce = Uint8Array.of(2, 2, 2, 2, 0, 1, 0, 0, 0, 0, 0, 1)
    const placeholder = "ffffffffffffffff"
    const header = `${placeholder}190319fefd0001000000000001010203`
    const additional = unhex(header + inner.length.toString(16).padStart(4, "0"))
    crypto.ccm8Seal(key, nonce, additional, inner, record, 13 + 3 + 8)
    return record
  }

  it("strips zero padding behind the real type", () => {
    const opened = open(keys, sealInner(Uint8Array.of(5, 6, ContentType.application_data, 0, 0, 0)), 3)!
    assert.strictEqual(opened.contentType, ContentType.application_data)
    assert.deepStrictEqual([...opened.fragment], [5, 6])
  })

  it("drops an inner plaintext of zeros only", () => {
    assert.isUndefined(open(keys, sealInner(new Uint8Array(5)), 3))
  })

  it("drops tls12_cid as real type", () => {
    assert.isUndefined(open(keys, sealInner(Uint8Array.of(5, 6, ContentType.tls12_cid)), 3))
  })
})
