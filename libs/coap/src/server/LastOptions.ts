import { Code } from "../Code.ts"
import { type Message, messageTypes, noBytes, payloadMarker, tokenBytesMax } from "../Message.ts"
import type { RequestOptions } from "../Request.ts"

/** Longest options that are kept, in bytes: an EnOS topic takes 60 to 120. */
export const lastOptionsBytesMax = 256

/**
 * The options of the session's last request, as they were on the wire and as they were read. A device posts to the same
 * topic again and again. Reading the same 70 bytes anew cost 1.2 µs and 3 KB of garbage for each request.
 */
export class LastOptions {
  /** Code units 0 to 255: a string takes a third of the memory of a Uint8Array. */
  readonly #wire: string
  readonly options: RequestOptions

  private constructor(wire: string, options: RequestOptions) {
    this.#wire = wire
    this.options = options
  }

  /** Undefined for what is not worth keeping: block-wise transfers have other options with each message. */
  static of(bytes: Uint8Array, message: Message, options: RequestOptions): LastOptions | undefined {
    const { block1, block2, requestTags, size1 } = options
    if (block1 !== undefined || block2 !== undefined || size1 !== undefined || requestTags !== "") return undefined
    const from = 4 + message.token.length
    const to = message.payload.length === 0 ? bytes.length : bytes.length - message.payload.length - 1
    if (to - from > lastOptionsBytesMax) return undefined
    let wire = ""
    for (let at = from; at < to; at += 1) wire += String.fromCharCode(bytes[at]!)
    return new LastOptions(wire, options)
  }

  /**
   * The message, if it is well-formed and has these options; they are left out of the result. Undefined means nothing:
   * `decode` has to look at it.
   */
  read(bytes: Uint8Array): Message | undefined {
    const wire = this.#wire
    const first = bytes[0]!
    const tokenLength = first & 0x0f
    const from = 4 + tokenLength
    const to = from + wire.length
    if (bytes.length < to || first >> 6 !== 1 || tokenLength > tokenBytesMax || bytes[1] === Code.Empty)
      return undefined
    // Equal bytes are equal options only if they end here: a further option has another byte in this place.
    if (bytes.length > to && (bytes[to] !== payloadMarker || bytes.length === to + 1)) return undefined
    for (let index = 0; index < wire.length; index += 1) {
      if (bytes[from + index] !== wire.charCodeAt(index)) return undefined
    }
    return {
      type: messageTypes[(first >> 4) & 3]!,
      code: bytes[1]!,
      messageId: (bytes[2]! << 8) | bytes[3]!,
      token: tokenLength === 0 ? noBytes : bytes.subarray(4, from),
      options: [],
      payload: bytes.length === to ? noBytes : bytes.subarray(to + 1)
    }
  }
}
