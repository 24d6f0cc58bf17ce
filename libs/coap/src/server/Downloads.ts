import * as Result from "effect/Result"
import { type Block, blockBytes, blockOffset, blockOption } from "../Block.ts"
import { Code } from "../Code.ts"
import type { ServerLimits } from "../Limits.ts"
import { encodedBytes } from "../Message.ts"
import { findOption, type Option, OptionNumber, uintOption } from "../Option.ts"
import type { Operation, Refusal } from "../Request.ts"
import type { Response } from "./Output.ts"

/** The bytes that a message may take, and those of them that are spoken for. */
export interface Room {
  readonly bytesMax: number
  readonly tokenBytes: number
  /** Options that the message has besides the response's own. */
  readonly further: ReadonlyArray<Option>
}

interface Snapshot extends Operation {
  readonly response: Response
  expiresAt: number
}

/**
 * Response bodies that are sent block by block (RFC 7959 §2.4). All blocks come from one snapshot: the application is asked once,
 * for it may hand out another command the second time.
 */
export class Downloads {
  readonly #limits: ServerLimits
  /** The one that has waited longest comes first. */
  readonly #snapshots: Array<Snapshot> = []

  constructor(limits: ServerLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#snapshots.length
  }

  get bytes(): number {
    return this.#snapshots.reduce((sum, snapshot) => sum + snapshot.response.payload.length, 0)
  }

  get deadline(): number {
    return this.#snapshots[0]?.expiresAt ?? Infinity
  }

  /**
   * Keeps the response and returns its first block. It has the size that client and server agree on, or a smaller one that
   * fits `room` together with `further` options. Undefined, with nothing kept, if none does.
   */
  start(now: number, { key, looseKey }: Operation, szx: number, response: Response, room: Room): Response | undefined {
    this.#take(key)
    const untagged = findOption(response.options, OptionNumber.ETag) === undefined
    const snapshot = {
      key,
      looseKey,
      response: {
        code: response.code,
        options: untagged ? [...response.options, contentETag(response.payload)] : response.options,
        payload: response.payload.slice()
      },
      expiresAt: now + this.#limits.transferIdleMillisMax
    }
    const size2 = uintOption(OptionNumber.Size2, response.payload.length)
    const first = this.#block(
      snapshot.response,
      { num: 0, more: false, szx },
      { ...room, further: [...room.further, size2] }
    )
    if (first === undefined) return undefined
    if (this.#snapshots.length >= this.#limits.downloadsMax) this.#snapshots.shift()
    this.#snapshots.push(snapshot)
    return first
  }

  /**
   * A following block, any of them in any order. A client that sends its Request-Tags with some messages only is
   * understood if there is one body that it can mean.
   */
  next(now: number, { key, looseKey }: Operation, wanted: Block, room: Room): Result.Result<Response, Refusal> {
    const snapshot = this.#take(key) ?? this.#takeLoosely(looseKey)
    if (snapshot === undefined) return bodyNotKept
    snapshot.expiresAt = now + this.#limits.transferIdleMillisMax
    this.#snapshots.push(snapshot)
    if (blockOffset(wanted) >= snapshot.response.payload.length) return beyondEnd
    const block = this.#block(snapshot.response, wanted, room)
    return block === undefined ? tooLarge : Result.succeed(block)
  }

  expire(now: number): void {
    while (this.#snapshots.length > 0 && this.#snapshots[0]!.expiresAt <= now) this.#snapshots.shift()
  }

  /**
   * In the client's block size or a smaller one, never a larger (RFC 7959 §2.4); the number follows from the offset. Undefined if
   * no block fits.
   */
  #block(response: Response, wanted: Block, { bytesMax, further, tokenBytes }: Room): Response | undefined {
    const offset = blockOffset(wanted)
    for (let szx = Math.min(wanted.szx, this.#limits.blockSzx); szx >= 0; szx -= 1) {
      const end = offset + blockBytes(szx)
      const block = { num: offset / blockBytes(szx), more: end < response.payload.length, szx }
      const options = [...response.options, blockOption(OptionNumber.Block2, block), ...further]
      const payload = response.payload.subarray(offset, end)
      if (encodedBytes(tokenBytes, options, payload.length) <= bytesMax)
        return { code: response.code, options, payload }
    }
    return undefined
  }

  #takeLoosely(looseKey: string): Snapshot | undefined {
    const fitting = this.#snapshots.filter((snapshot) => snapshot.looseKey === looseKey)
    return fitting.length === 1 ? this.#take(fitting[0]!.key) : undefined
  }

  #take(key: string): Snapshot | undefined {
    const index = this.#snapshots.findIndex((snapshot) => snapshot.key === key)
    return index === -1 ? undefined : this.#snapshots.splice(index, 1)[0]
  }
}

/**
 * ETag from the content, so that the same command has the same tag when it is fetched again, from whichever process (RFC 7959 §2.4).
 * It is FNV-1a and the length, 8 bytes.
 */
const contentETag = (body: Uint8Array): Option => {
  let hash = 0x811c9dc5
  for (let index = 0; index < body.length; index += 1) hash = Math.imul(hash ^ body[index]!, 0x01000193)
  const value = new Uint8Array(8)
  const view = new DataView(value.buffer)
  view.setUint32(0, hash >>> 0)
  view.setUint32(4, body.length)
  return { number: OptionNumber.ETag, value }
}

const bodyNotKept = Result.fail<Refusal>({ code: Code.RequestEntityIncomplete, reason: "BodyNotKept" })
const tooLarge = Result.fail<Refusal>({ code: Code.InternalServerError, reason: "ResponseTooLarge" })
const beyondEnd = Result.fail<Refusal>({ code: Code.BadRequest, reason: "BlockBeyondEnd" })
