import { execFileSync } from "node:child_process"
import { createHash, createHmac } from "node:crypto"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { dtlsCrypto } from "../src/DtlsCrypto.ts"
import { nodeCrypto } from "../src/NodeCrypto.ts"

const hex = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString("hex")
const { randomBytes } = nodeCrypto

it("calls OpenSSL directly on the Node that the project pins", () => {
  assert.notStrictEqual(dtlsCrypto.ccm8Open, nodeCrypto.ccm8Open)
  assert.notStrictEqual(dtlsCrypto.prf, nodeCrypto.prf)
})

describe("the digests agree with node:crypto's", () => {
  const lengths = [0, 1, 22, 23, 24, 32, 54, 55, 56, 63, 64, 65, 118, 119, 120, 600, 0x4000, 0x5200, 0x5201, 70_000]

  it.each(lengths)("SHA-256 and HMAC of %i bytes, in one part and in two", (length) => {
    const message = randomBytes(length)
    const [front, back] = [message.subarray(0, length / 3), message.subarray(length / 3)]
    const expected = createHash("sha256").update(message).digest("hex")
    assert.strictEqual(hex(dtlsCrypto.sha256(message)), expected)
    assert.strictEqual(hex(dtlsCrypto.sha256(front, back)), expected)
    for (const keyBytes of [0, 1, 32, 48, 63, 64, 65, 200]) {
      const key = randomBytes(keyBytes)
      const mac = createHmac("sha256", key).update(message).digest("hex")
      assert.strictEqual(hex(dtlsCrypto.hmacSha256(key, message)), mac)
      assert.strictEqual(hex(dtlsCrypto.hmacSha256(key, front, back)), mac)
    }
  })

  it("the PRF, for secrets, seeds and outputs of all sizes around a block's", () => {
    for (const secretBytes of [0, 16, 36, 48, 64, 65, 500]) {
      for (const seedBytes of [0, 1, 32, 40, 41, 64, 300]) {
        for (const length of [0, 1, 12, 31, 32, 33, 40, 48, 96, 104, 1000, 5000]) {
          const [secret, label, seed] = [randomBytes(secretBytes), randomBytes(15), randomBytes(seedBytes)]
          const expected = hex(nodeCrypto.prf(secret, label, seed, undefined, length))
          assert.strictEqual(hex(dtlsCrypto.prf(secret, label, seed, undefined, length)), expected)
          const cut = seedBytes >> 1
          assert.strictEqual(
            hex(dtlsCrypto.prf(secret, label, seed.subarray(0, cut), seed.subarray(cut), length)),
            expected
          )
        }
      }
    }
  })

  it("a short message leaves nothing behind in a long one's place", () => {
    const [long, short] = [randomBytes(500), randomBytes(3)]
    const expected = createHash("sha256").update(short).digest("hex")
    dtlsCrypto.sha256(long)
    assert.strictEqual(hex(dtlsCrypto.sha256(short)), expected)
    dtlsCrypto.prf(long.subarray(0, 48), long.subarray(0, 15), long, undefined, 96)
    assert.strictEqual(hex(dtlsCrypto.sha256(short)), expected)
  })
})

describe("the ciphers agree with node:crypto's", () => {
  const lengths = [0, 1, 15, 16, 17, 150, 1200, 0x4000, 0x4800, 0x5000, 0x5001, 70_000]

  it.each(lengths)("AES-128-CCM_8, %i bytes, with additional data of every length that a record has", (length) => {
    for (const additionalBytes of [0, 13, 23, 278, 600]) {
      const [key, nonce, additional] = [randomBytes(16), randomBytes(12), randomBytes(additionalBytes)]
      const plaintext = randomBytes(length)
      const [sealed, expected] = [new Uint8Array(5 + length + 8), new Uint8Array(5 + length + 8)]
      dtlsCrypto.ccm8Seal(key, nonce, additional, plaintext, sealed, 5)
      nodeCrypto.ccm8Seal(key, nonce, additional, plaintext, expected, 5)
      assert.strictEqual(hex(sealed), hex(expected))
      assert.strictEqual(hex(dtlsCrypto.ccm8Open(key, nonce, additional, sealed.subarray(5))), hex(plaintext))
    }
  })

  it.each([16, 32, 160, 0x4000, 0x5000, 0x5010])("AES-128-CBC, %i bytes", (length) => {
    const [key, iv, plaintext] = [randomBytes(16), randomBytes(16), randomBytes(length)]
    const [ciphertext, expected] = [new Uint8Array(7 + length), new Uint8Array(7 + length)]
    dtlsCrypto.cbcEncrypt(key, iv, plaintext, ciphertext, 7)
    nodeCrypto.cbcEncrypt(key, iv, plaintext, expected, 7)
    assert.strictEqual(hex(ciphertext), hex(expected))
    assert.strictEqual(hex(dtlsCrypto.cbcDecrypt(key, iv, ciphertext.subarray(7))), hex(plaintext))
  })
})

describe("one context serves all sessions", () => {
  it("refuses every record with a bit changed, and opens the good one after each of them (F11)", () => {
    const [key, nonce, additional, plaintext] = [randomBytes(16), randomBytes(12), randomBytes(13), randomBytes(40)]
    const sealed = new Uint8Array(48)
    dtlsCrypto.ccm8Seal(key, nonce, additional, plaintext, sealed, 0)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const forged = sealed.slice()
      forged[bit >> 3]! ^= 1 << (bit & 7)
      assert.isUndefined(dtlsCrypto.ccm8Open(key, nonce, additional, forged))
      assert.strictEqual(hex(dtlsCrypto.ccm8Open(key, nonce, additional, sealed)), hex(plaintext))
    }
    for (let length = 0; length < sealed.length; length++) {
      assert.isUndefined(dtlsCrypto.ccm8Open(key, nonce, additional, sealed.subarray(0, length)))
    }
  })

  it("keeps keys, nonces and lengths of interleaved sessions apart", () => {
    const sessions = Array.from({ length: 50 }, (_, i) => ({
      key: randomBytes(16),
      nonce: randomBytes(12),
      additional: randomBytes(i % 2 === 0 ? 13 : 31),
      plaintext: randomBytes(1 + i * 7)
    }))
    const sealed = sessions.map(({ additional, key, nonce, plaintext }) => {
      const target = new Uint8Array(plaintext.length + 8)
      dtlsCrypto.ccm8Seal(key, nonce, additional, plaintext, target, 0)
      return target
    })
    const opened = sessions.map(({ additional, key, nonce }, i) =>
      dtlsCrypto.ccm8Open(key, nonce, additional, sealed[i]!)
    )
    assert.deepStrictEqual(
      opened.map(hex),
      sessions.map(({ plaintext }) => hex(plaintext))
    )
  })

  it("leaves no error behind for the next call of node:crypto", () => {
    for (let i = 0; i < 40; i++) {
      assert.isUndefined(dtlsCrypto.ccm8Open(randomBytes(16), randomBytes(12), randomBytes(13), randomBytes(30)))
    }
    assert.strictEqual(createHash("sha256").update("abc").digest("hex").slice(0, 8), "ba7816bf")
  })
})

it("falls back to node:crypto, silently, where there is no node:ffi", () => {
  const modules = join(import.meta.dirname, "../src")
  const program = `
    import { dtlsCrypto } from ${JSON.stringify(join(modules, "DtlsCrypto.ts"))}
    import { nodeCrypto } from ${JSON.stringify(join(modules, "NodeCrypto.ts"))}
    process.stdout.write(String(dtlsCrypto.ccm8Open === nodeCrypto.ccm8Open && dtlsCrypto.prf === nodeCrypto.prf))`
  const run = (...flags: ReadonlyArray<string>): string =>
    execFileSync(process.execPath, [...flags, "--input-type=module-typescript", "-e", program], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"]
    })
  assert.strictEqual(run("--no-experimental-ffi"), "true")
  assert.strictEqual(run(), "false")
})
