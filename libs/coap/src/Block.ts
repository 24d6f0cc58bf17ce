import { decodeUint, encodeUint, type Option } from "./Option.ts"

/** The value of Block1 and Block2 (RFC 7959 §2.2). */
export interface Block {
  /** Number of this block, 0 to 2²⁰ − 1, in units of this block's own size. */
  readonly num: number
  readonly more: boolean
  /** Size exponent 0 to 6: 16 to 1024 bytes. 7 is reserved. */
  readonly szx: number
}

export const szxMax = 6

export const blockBytes = (szx: number): number => 1 << (szx + 4)

export const blockOffset = (block: Block): number => block.num * blockBytes(block.szx)

/** `value` has 0 to 3 bytes. Undefined for size exponent 7, which must be answered 4.00 (RFC 7959 §2.2). */
export const decodeBlock = (value: Uint8Array): Block | undefined => {
  const bits = decodeUint(value)
  const szx = bits & 7
  return szx > szxMax ? undefined : { num: bits >> 4, more: (bits & 8) !== 0, szx }
}

export const blockOption = (number: number, block: Block): Option => ({
  number,
  value: encodeUint((block.num << 4) | (block.more ? 8 : 0) | block.szx)
})
