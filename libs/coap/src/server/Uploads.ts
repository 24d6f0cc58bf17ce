import { type Block, blockBytes, blockOffset } from "../Block.ts"
import { Code, codeClass } from "../Code.ts"
import type { ServerLimits } from "../Limits.ts"
import type { Operation, Refusal, RefusalDetail, RefusalReason } from "../Request.ts"
import type { Response } from "./Output.ts"

/** The outcome of a request with Block1 (RFC 7959 §2.5). */
export type UploadStep =
  /** 2.31 with this block; asks for the next one, in smaller blocks if `block.szx` is smaller. */
  | { readonly _tag: "Continue"; readonly block: Block }
  | { readonly _tag: "Complete"; readonly body: Uint8Array; readonly last: LastBlock | undefined }
  /** The last block came again under another message id. */
  | { readonly _tag: "Repeated"; readonly last: LastBlock }
  | { readonly _tag: "Refused"; readonly refusal: Refusal }

interface Upload extends Operation {
  readonly chunks: Array<Uint8Array>
  bytes: number
  expiresAt: number
}

/** The block that ended a body of several blocks, and its outcome: its client may not have heard of that. */
export interface LastBlock {
  readonly key: string
  readonly offset: number
  readonly payload: Uint8Array
  readonly expiresAt: number
  /** At the application; undefined until it is there. */
  exchange: number | undefined
  /** The answer, if the body was taken. */
  response: Response | undefined
}

/** Request bodies in assembly. Blocks come in order (RFC 7959 §2.5): anything else ends the transfer, and the client begins again. */
export class Uploads {
  readonly #limits: ServerLimits
  /** The one that has waited longest comes first. */
  readonly #uploads: Array<Upload> = []
  /** Of complete bodies, the oldest first. */
  readonly #last: Array<LastBlock> = []

  constructor(limits: ServerLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#uploads.length
  }

  get bytes(): number {
    const held = this.#last.reduce((sum, { payload, response }) => sum + payload.length + bytesOf(response), 0)
    return this.#uploads.reduce((sum, upload) => sum + upload.bytes, held)
  }

  get deadline(): number {
    return Math.min(this.#uploads[0]?.expiresAt ?? Infinity, this.#last[0]?.expiresAt ?? Infinity)
  }

  /** A client that sends Request-Tags with some blocks only is understood if one body fits. */
  handleBlock(
    now: number,
    { key, looseKey }: Operation,
    block: Block,
    payload: Uint8Array,
    size1: number | undefined
  ): UploadStep {
    const upload = this.#take(key) ?? (block.num > 0 ? this.#takeLoosely(looseKey, blockOffset(block)) : undefined)
    // Every block but the last is exactly as long as it says; the last may be shorter (RFC 7959 §2.2).
    if (block.more ? payload.length !== blockBytes(block.szx) : payload.length > blockBytes(block.szx)) {
      return refused(Code.BadRequest, "BlockPayloadSizeWrong", {
        bytes: payload.length,
        bytesMax: blockBytes(block.szx)
      })
    }
    const offset = blockOffset(block)
    const bytes = offset + payload.length
    const whole = Math.max(bytes, size1 ?? 0)
    if (whole > this.#limits.requestBodyBytesMax) {
      const detail = { bytes: whole, bytesMax: this.#limits.requestBodyBytesMax }
      return refused(Code.RequestEntityTooLarge, "BodyTooLarge", detail)
    }
    const next: Block = { ...block, szx: Math.min(block.szx, this.#limits.blockSzx) }
    if (upload !== undefined && block.more && isRepeated(upload, offset, payload)) {
      // The 2.31 was lost, and the client asked again under another message id. RFC 7959 §2.9.1 has no other answer to a block
      // that is here.
      this.#keep(now, upload)
      return { _tag: "Continue", block: next }
    }
    // Number 0 begins anew, whatever there was (RFC 7959 §2.5); what differs from a block that is here does so from there on.
    const chunks = offset === 0 ? [] : upload === undefined ? undefined : chunksUntil(upload, offset)
    if (chunks === undefined) {
      const last = block.more ? undefined : this.#last.find((one) => isSameEnd(one, key, offset, payload))
      if (last !== undefined && upload === undefined) return { _tag: "Repeated", last }
      return refused(Code.RequestEntityIncomplete, "BlockMissing", { bytes: offset, bytesMax: upload?.bytes ?? 0 })
    }
    this.#forgetLast(key)
    if (!block.more) {
      if (chunks.length === 0) return { _tag: "Complete", body: payload, last: undefined }
      return { _tag: "Complete", body: concat(chunks, payload, bytes), last: this.#keepLast(now, key, offset, payload) }
    }
    // A copy: the datagram that the payload is a view of may not be ours to keep.
    chunks.push(payload.slice())
    this.#keep(now, { key: upload?.key ?? key, looseKey, chunks, bytes, expiresAt: 0 })
    return { _tag: "Continue", block: next }
  }

  #keep(now: number, upload: Upload): void {
    if (this.#uploads.length >= this.#limits.uploadsMax) this.#uploads.shift()
    upload.expiresAt = now + this.#limits.transferIdleMillisMax
    this.#uploads.push(upload)
  }

  #keepLast(now: number, key: string, offset: number, payload: Uint8Array): LastBlock {
    if (this.#last.length >= this.#limits.uploadsMax) this.#last.shift()
    const expiresAt = now + this.#limits.transferIdleMillisMax
    const last = { key, offset, payload: payload.slice(), expiresAt, exchange: undefined, response: undefined }
    this.#last.push(last)
    return last
  }

  /** Another body of the same name begins, or its client has to begin again. */
  #forgetLast(key: string): void {
    const index = this.#last.findIndex((last) => last.key === key)
    if (index !== -1) this.#last.splice(index, 1)
  }

  /** The application's answer to a body. A body that it did not take is to come again as a whole. */
  answered(last: LastBlock, response: Response): void {
    if (codeClass(response.code) === 2) last.response = { ...response, payload: response.payload.slice() }
    else this.#forgetLast(last.key)
  }

  expire(now: number): void {
    while (this.#uploads.length > 0 && this.#uploads[0]!.expiresAt <= now) this.#uploads.shift()
    while (this.#last.length > 0 && this.#last[0]!.expiresAt <= now) this.#last.shift()
  }

  #take(key: string): Upload | undefined {
    const index = this.#uploads.findIndex((upload) => upload.key === key)
    return index === -1 ? undefined : this.#uploads.splice(index, 1)[0]
  }

  /** The one body that the block can belong to; undefined if there are several. */
  #takeLoosely(looseKey: string, offset: number): Upload | undefined {
    const fitting = this.#uploads.filter((upload) => upload.looseKey === looseKey && upload.bytes >= offset)
    return fitting.length === 1 ? this.#take(fitting[0]!.key) : undefined
  }
}

const isSameEnd = (last: LastBlock, key: string, offset: number, payload: Uint8Array): boolean =>
  last.key === key && last.offset === offset && equalBytes(last.payload, payload)

const bytesOf = (response: Response | undefined): number => response?.payload.length ?? 0

const isRepeated = ({ chunks }: Upload, offset: number, payload: Uint8Array): boolean => {
  let at = 0
  for (const chunk of chunks) {
    if (at === offset) return equalBytes(chunk, payload)
    at += chunk.length
  }
  return false
}

/** Undefined if no block begins at `offset`. */
const chunksUntil = ({ chunks, bytes }: Upload, offset: number): Array<Uint8Array> | undefined => {
  if (offset === bytes) return chunks
  let at = 0
  for (let index = 0; index < chunks.length; index += 1) {
    if (at === offset) return chunks.slice(0, index)
    at += chunks[index]!.length
  }
  return undefined
}

const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index])

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

const refused = (code: number, reason: RefusalReason, detail: RefusalDetail): UploadStep => ({
  _tag: "Refused",
  refusal: { code, reason, detail }
})
