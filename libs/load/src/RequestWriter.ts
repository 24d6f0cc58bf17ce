import { Code, encode, encodeEmpty, type MessageType, OptionNumber, stringOption, type Option } from "@roost/coap"
import type { DeviceBook } from "./DeviceBook.ts"
import type { FleetSettings } from "./FleetSettings.ts"
import type { LoadDevice } from "./LoadDevice.ts"
import { Payload } from "./Payload.ts"
import { tokenBytes } from "./Verification.ts"

/**
 * Writes a device's current request. It is a function of the device's counters alone, so a retransmission writes it again and
 * nothing is kept of it. The encoded options of all devices lie in one array: 70 bytes a device instead of 300.
 */
export class RequestWriter {
  readonly #book: DeviceBook
  readonly #payload: Payload
  #options: Uint8Array = noBytes
  /** Where each device's options begin, and where the last one's end. */
  #optionsAt = new Uint32Array(1)
  #scratch: Uint8Array = noBytes
  readonly #type: MessageType

  constructor(settings: FleetSettings, book: DeviceBook) {
    this.#book = book
    this.#type = settings.confirmable ? "CON" : "NON"
    this.#payload = new Payload(settings.payload, settings.uplinkBytes)
  }

  /** Writes for the first `devices` devices from now on. */
  grow(devices: number): void {
    const known = this.#optionsAt.length - 1
    if (devices <= known) return
    const optionsAt = new Uint32Array(devices + 1)
    optionsAt.set(this.#optionsAt)
    const all = [this.#options]
    let bytesMax = this.#scratch.length
    let payloadMax = 0
    for (let i = known; i < devices; i++) {
      const options = encodedOptions(this.#book.path(i))
      all.push(options)
      optionsAt[i + 1] = optionsAt[i]! + options.length
      if (i === known || !this.#payload.isShared) payloadMax = this.#payload.bytesMax(this.#book.values(i))
      bytesMax = Math.max(bytesMax, headerBytes + tokenBytes + options.length + 1 + payloadMax)
    }
    this.#options = Buffer.concat(all)
    this.#optionsAt = optionsAt
    if (bytesMax > this.#scratch.length) this.#scratch = new Uint8Array(bytesMax)
  }

  /** The bytes are valid until the next call. */
  write(device: LoadDevice): Uint8Array {
    return device.command === undefined ? this.#uplink(device) : this.#commandRequest(device)
  }

  #uplink(device: LoadDevice): Uint8Array {
    const target = this.#scratch
    const { index, messageId, sequence } = device
    target[0] = this.#type === "CON" ? confirmableByte : nonConfirmableByte
    target[1] = Code.Post
    target[2] = messageId >>> 8
    target[3] = messageId
    writeToken(target, headerBytes, sequence)
    let at = headerBytes + tokenBytes
    for (let from = this.#optionsAt[index]!, end = this.#optionsAt[index + 1]!; from < end;)
      target[at++] = this.#options[from++]!
    const marker = at
    target[at++] = payloadMarker
    const end = this.#payload.writeInto(target, at, sequence, () => this.#book.values(index))
    // A payload marker without payload is a format error (RFC 7252 §3).
    return target.subarray(0, end === at ? marker : end)
  }

  #commandRequest(device: LoadDevice): Uint8Array {
    const { messageId, sequence } = device
    const { path, reply } = device.command!
    const token = new Uint8Array(tokenBytes)
    writeToken(token, 0, sequence)
    return encode({
      type: this.#type,
      code: reply === undefined ? Code.Get : Code.Post,
      messageId,
      token,
      options: pathOptions(reply === undefined ? path : `${path}_reply`),
      payload: reply ?? noBytes
    })
  }
}

export const pathOptions = (path: string): ReadonlyArray<Option> => {
  const [segments = "", query] = path.split("?", 2)
  const names = segments.split("/").filter((segment) => segment !== "")
  return [
    ...names.map((segment) => stringOption(OptionNumber.UriPath, segment)),
    ...(query === undefined ? [] : query.split("&").map((part) => stringOption(OptionNumber.UriQuery, part)))
  ]
}

const encodedOptions = (path: string): Uint8Array => {
  const options = pathOptions(path)
  const message = encode({ type: "CON", code: Code.Post, messageId: 0, token: noBytes, options, payload: noBytes })
  return message.slice(headerBytes)
}

const writeToken = (target: Uint8Array, at: number, sequence: number): void => {
  target[at] = sequence >>> 24
  target[at + 1] = sequence >>> 16
  target[at + 2] = sequence >>> 8
  target[at + 3] = sequence
}

export const ackOf = (messageId: number): Uint8Array => encodeEmpty("ACK", messageId)
export const resetOf = (messageId: number): Uint8Array => encodeEmpty("RST", messageId)

const noBytes = new Uint8Array(0)
const headerBytes = 4
const payloadMarker = 0xff
const confirmableByte = 0x40 | tokenBytes
const nonConfirmableByte = 0x50 | tokenBytes
