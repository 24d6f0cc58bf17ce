import { type Block, blockBytes, blockOffset } from "../Block.ts"
import { Code } from "../Code.ts"
import type { ServerLimits } from "../Limits.ts"
import type { Refusal, RefusalReason } from "../Request.ts"

/** What a request with Block1 leads to (RFC 7959 §2.5). */
export type UploadStep =
  /** 2.31 with this block; asks for the next one, in smaller blocks if `block.szx` is smaller. */
  | { readonly _tag: "Continue"; readonly block: Block }
  | { readonly _tag: "Complete"; readonly body: Uint8Array }
  | { readonly _tag: "Refused"; readonly refusal: Refusal }

interface Upload {
  readonly key: string
  readonly chunks: Array<Uint8Array>
  bytes: number
  expiresAt: number
}

/** Request bodies in assembly. Blocks come in order (§2.5): anything else ends the transfer, and the client begins again. */
export class Uploads {
  readonly #limits: ServerLimits
  /** The one that has waited longest comes first. */
  readonly #uploads: Array<Upload> = []

  constructor(limits: ServerLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#uploads.length
  }

  get bytes(): number {
    return this.#uploads.reduce((sum, upload) => sum + upload.bytes, 0)
  }

  get deadline(): number {
    return this.#uploads[0]?.expiresAt ?? Infinity
  }

  handleBlock(now: number, key: string, block: Block, payload: Uint8Array, size1: number | undefined): UploadStep {
    const upload = this.#take(key)
    // Every block but the last is exactly as long as it says; the last may be shorter (§2.2).
    if (block.more ? payload.length !== blockBytes(block.szx) : payload.length > blockBytes(block.szx)) {
      return refused(Code.BadRequest, "BlockPayloadSizeWrong")
    }
    const offset = blockOffset(block)
    const bytes = offset + payload.length
    if (Math.max(bytes, size1 ?? 0) > this.#limits.requestBodyBytesMax) {
      return refused(Code.RequestEntityTooLarge, "BodyTooLarge")
    }
    // Number 0 begins anew, whatever there was (§2.5).
    if (offset > 0 && upload?.bytes !== offset) return refused(Code.RequestEntityIncomplete, "BlockMissing")

    const chunks = offset > 0 && upload !== undefined ? upload.chunks : []
    if (!block.more) return { _tag: "Complete", body: chunks.length === 0 ? payload : concat(chunks, payload, bytes) }
    // A copy: the datagram that the payload is a view of may not be ours to keep.
    chunks.push(payload.slice())
    if (this.#uploads.length >= this.#limits.uploadsMax) this.#uploads.shift()
    this.#uploads.push({ key, chunks, bytes, expiresAt: now + this.#limits.transferIdleMillisMax })
    return { _tag: "Continue", block: { ...block, szx: Math.min(block.szx, this.#limits.blockSzx) } }
  }

  expire(now: number): void {
    while (this.#uploads.length > 0 && this.#uploads[0]!.expiresAt <= now) this.#uploads.shift()
  }

  #take(key: string): Upload | undefined {
    const index = this.#uploads.findIndex((upload) => upload.key === key)
    return index === -1 ? undefined : this.#uploads.splice(index, 1)[0]
  }
}

const concat = (chunks: ReadonlyArray<Uint8Array>, last: Uint8Array, bytes: number): Uint8Array => {
  const body = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    body.set(chunk, at)
    at += chunk.length
  }
  body.set(last, at)
  return body
}

const refused = (code: number, reason: RefusalReason): UploadStep => ({ _tag: "Refused", refusal: { code, reason } })
