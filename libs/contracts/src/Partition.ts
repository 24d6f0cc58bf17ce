import { hash } from "node:crypto"
import { encodeBase32, parseBase32 } from "./Base32.ts"

/** Number of partitions of a cluster. Fixed for its life: it is part of every key in the buckets. */
export const partitionCount = 512

/** Characters of a device hash: 40 bits in base32. */
export const deviceHashLength = 8

export interface DevicePlace {
  /** 8 characters base32: the first 40 bits of SHA-256 of `{productKey},{deviceKey}`. */
  readonly hash: string
  /** 0–511. */
  readonly partition: number
}

/**
 * Where a device lives. A comma can't occur in either key, so the pair is unambiguous. 40 bits collide among ten
 * million devices some fifty times: the hash narrows a search, the keys in the entry decide.
 */
export const placeOf = (productKey: string, deviceKey: string): DevicePlace => {
  digestOf(productKey, deviceKey)
  return { hash: encodeBase32(digest, 5), partition: digestPartition() }
}

/** `placeOf` without the hash. */
export const partitionOf = (productKey: string, deviceKey: string): number => {
  digestOf(productKey, deviceKey)
  return digestPartition()
}

/** The partition of `placeOf`, of the UTF-8 bytes of `{productKey},{deviceKey}`; of any other bytes some partition. */
export const partitionOfName = (name: Uint8Array): number => {
  last.productKey = last.deviceKey = undefined
  fillDigest(name)
  return digestPartition()
}

/** The partition of a device hash, or undefined if `hash` is not one. */
export const partitionOfHash = (hash: string): number | undefined => {
  if (hash.length !== deviceHashLength) return undefined
  const value = parseBase32(hash)
  return value === undefined ? undefined : value % partitionCount
}

/**
 * Key of a device's session in the bucket SESSIONS: `{partition}.{16 characters}`. They are 80 bits of the digest whose
 * first 40 are the device hash: no two devices share an entry.
 */
export const sessionKey = (productKey: string, deviceKey: string): string => {
  digestOf(productKey, deviceKey)
  return `${digestPartition()}.${encodeBase32(digest, 10)}`
}

/** Fills `digest`. A handshake asks for that of one device three times in a row: the last one is kept. */
const digestOf = (productKey: string, deviceKey: string): void => {
  if (deviceKey === last.deviceKey && productKey === last.productKey) return
  fillDigest(`${productKey},${deviceKey}`)
  last.productKey = productKey
  last.deviceKey = deviceKey
}

/** A digest as text is made in a third of the time that one as bytes takes. */
const fillDigest = (name: string | Uint8Array): void => {
  const text = hash("sha256", name, "latin1")
  for (let i = 0; i < digest.length; i++) digest[i] = text.charCodeAt(i)
}

const digestPartition = (): number => ((digest[3]! << 8) | digest[4]!) % partitionCount

/** The first 80 bits of the last device's. */
const digest = new Uint8Array(10)
const last: { productKey: string | undefined; deviceKey: string | undefined } = {
  productKey: undefined,
  deviceKey: undefined
}
