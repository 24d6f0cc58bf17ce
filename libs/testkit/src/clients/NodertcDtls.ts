/**
 * `@nodertc/dtls` 0.6.0, a DTLS client in JavaScript without types and without either suite of the contract. It is
 * unsafe on receive (it hands out records that failed to decrypt): for tests on loopback only. The suites are put into its
 * internal modules before its entry point is loaded, since that copies what they export.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import { createRequire } from "node:module"
import type { Duplex } from "node:stream"
import type { Suite } from "./CoapClient.ts"

export interface NodertcOptions {
  readonly remotePort: number
  readonly remoteAddress: string
  readonly pskIdentity: string
  readonly pskSecret: Buffer
  readonly suite: Suite
}

/** Emits `connect`, `data` per record, `timeout`, `error`; sends no close_notify. */
export type NodertcSocket = Duplex & { readonly close: () => void }

export const nodertcConnect = ({ suite, ...options }: NodertcOptions): NodertcSocket =>
  load().connect({ ...options, type: "udp4", cipherSuites: [suiteIds[suite]] })

const suiteIds = { CCM_8: 0xc0a8, CBC_SHA256: 0x00ae }

interface Nodertc {
  readonly connect: (options: object) => NodertcSocket
}

let loaded: Nodertc | undefined
const load = (): Nodertc => {
  if (loaded !== undefined) return loaded
  const require = createRequire(import.meta.url)
  const internal = (name: string) => require(`@nodertc/dtls/src/node_modules/${name}`)
  const constants = internal("lib/constants") as { cipherSuites: Record<string, number> }
  const create = internal("cipher/create") as { createCipher: (id: number) => object | null }
  const Aead = internal("cipher/aead") as new () => Aead
  const { createPSKKeyExchange } = internal("cipher/key-exchange") as { createPSKKeyExchange: () => object }

  constants.cipherSuites["TLS_PSK_WITH_AES_128_CCM_8"] = suiteIds.CCM_8
  constants.cipherSuites["TLS_PSK_WITH_AES_128_CBC_SHA256"] = suiteIds.CBC_SHA256
  const { createCipher } = create
  create.createCipher = (id) => {
    const common = { id, hash: "sha256", kx: createPSKKeyExchange(), keyLength: 16 }
    if (id === suiteIds.CCM_8) {
      const nonce = { nonceLength: 12, nonceImplicitLength: 4, nonceExplicitLength: 8, ivLength: 4 }
      const name = "TLS_PSK_WITH_AES_128_CCM_8"
      return Object.assign(new Aead(), common, nonce, { name, blockAlgorithm: "aes-128-ccm", authTagLength: 8 })
    }
    if (id === suiteIds.CBC_SHA256) {
      return Object.assign(cbcSha256(Aead), common, { name: "TLS_PSK_WITH_AES_128_CBC_SHA256" })
    }
    return createCipher(id)
  }
  loaded = require("@nodertc/dtls") as Nodertc
  return loaded
}

interface Aead {
  prf(size: number, secret: Buffer, label: string, seed: Buffer): Buffer
}

interface NodertcSession {
  readonly masterSecret: Buffer
  readonly serverRandom: Buffer
  readonly clientRandom: Buffer
}

interface RecordHeader {
  readonly epoch: number
  readonly sequenceNumber: number
  readonly type: number
  readonly version: number
}

/** GenericBlockCipher of RFC 5246 §6.2.3.2, client side, MAC-then-encrypt. */
const cbcSha256 = (Aead: new () => Aead): object => {
  let keys: { clientMac: Buffer; serverMac: Buffer; client: Buffer; server: Buffer } | undefined
  const mac = (key: Buffer, header: RecordHeader, content: Buffer): Buffer => {
    const prefix = Buffer.alloc(13)
    prefix.writeUInt16BE(header.epoch, 0)
    prefix.writeUIntBE(header.sequenceNumber, 2, 6)
    prefix.writeUInt8(header.type, 8)
    prefix.writeUInt16BE(header.version, 9)
    prefix.writeUInt16BE(content.length, 11)
    return createHmac("sha256", key).update(prefix).update(content).digest()
  }
  return Object.assign(new Aead(), {
    blockAlgorithm: "aes-128-cbc",
    init(this: Aead, session: NodertcSession) {
      const seed = Buffer.concat([session.serverRandom, session.clientRandom])
      const block = this.prf(96, session.masterSecret, "key expansion", seed)
      keys = {
        clientMac: block.subarray(0, 32),
        serverMac: block.subarray(32, 64),
        client: block.subarray(64, 80),
        server: block.subarray(80, 96)
      }
    },
    encrypt(_session: NodertcSession, content: Buffer, header: RecordHeader) {
      const iv = randomBytes(16)
      const signed = Buffer.concat([content, mac(keys!.clientMac, header, content)])
      const paddingBytes = 16 - (signed.length % 16)
      const padding = Buffer.alloc(paddingBytes, paddingBytes - 1)
      const cipher = createCipheriv("aes-128-cbc", keys!.client, iv).setAutoPadding(false)
      return Buffer.concat([iv, cipher.update(signed), cipher.update(padding), cipher.final()])
    },
    decrypt(_session: NodertcSession, fragment: Buffer, header: RecordHeader) {
      const decipher = createDecipheriv("aes-128-cbc", keys!.server, fragment.subarray(0, 16)).setAutoPadding(false)
      const padded = Buffer.concat([decipher.update(fragment.subarray(16)), decipher.final()])
      const macEnd = padded.length - 1 - padded.at(-1)!
      const content = padded.subarray(0, macEnd - 32)
      if (!timingSafeEqual(padded.subarray(macEnd - 32, macEnd), mac(keys!.serverMac, header, content))) {
        throw new Error("bad_record_mac")
      }
      return content
    }
  })
}
