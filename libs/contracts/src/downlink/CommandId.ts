import { base32Number, parseBase32 } from "../Base32.ts"
import { deviceHashLength, partitionOfHash } from "../Partition.ts"

/** Characters of a command id: 8 of the device hash, 9 of milliseconds, 3 of sequence. */
export const commandIdLength = 20

const sequenceCount = 32 ** 3

/**
 * Makes ids that sort by time per device. A millisecond starts its sequence at a random place, so two processes that
 * make commands for one device at once hardly meet. If they do, the create in the bucket fails and a new id is made.
 */
export class CommandIds {
  readonly #random: () => number
  #millis = 0
  #sequence = 0

  /** `random`: uniform in [0, 1). */
  constructor(random: () => number) {
    this.#random = random
  }

  /** `now` in milliseconds since 1970; a clock that went back does not lower the ids. */
  next(deviceHash: string, now: number): string {
    if (now > this.#millis) {
      this.#millis = now
      this.#sequence = Math.floor((this.#random() * sequenceCount) / 2)
    } else if (++this.#sequence === sequenceCount) {
      this.#millis++
      this.#sequence = 0
    }
    return deviceHash + base32Number(this.#millis, 9) + base32Number(this.#sequence, 3)
  }
}

/**
 * The ids of a request that may run again: from its time and seed, the same in each run. `attempt`: the one before was taken, by another
 * command of the device in the same millisecond.
 */
export const repeatableCommandId = (deviceHash: string, at: number, seed: Uint8Array, attempt: number): string => {
  const start = ((seed[0]! << 8) | seed[1]!) % sequenceCount
  return deviceHash + base32Number(at, 9) + base32Number((start + attempt) % sequenceCount, 3)
}

/** The key of a command in its bucket, `{partition}.{device hash}.{rest}`, or undefined if `commandId` is none. */
export const commandKey = (commandId: string): string | undefined => {
  if (commandId.length !== commandIdLength) return undefined
  const hash = commandId.slice(0, deviceHashLength)
  const partition = partitionOfHash(hash)
  const rest = commandId.slice(deviceHashLength)
  return partition === undefined || parseBase32(rest) === undefined ? undefined : `${partition}.${hash}.${rest}`
}

/**
 * The id of a command as a raw product's script gets it: binary formats have room for 32 bits. Its last 30, from time and sequence, so
 * that the commands of one device that wait at once differ.
 */
export const numericCommandId = (commandId: string): number => parseBase32(commandId.slice(-6)) ?? 0

/** The command id of a key of the buckets. */
export const commandIdOfKey = (key: string): string => key.slice(key.indexOf(".") + 1).replace(".", "")

/** A filter of the buckets: all commands of one device. */
export const deviceCommands = (place: { readonly partition: number; readonly hash: string }): string =>
  `${place.partition}.${place.hash}.>`
