import { Code, decode, encode, type Message, type MessageType } from "@roost/coap"
import { Result } from "effect"
import { createSocket } from "node:dgram"

/** How the server answers a request; undefined: not at all. */
export type Answer = (request: Message) => Partial<Message> | Uint8Array | undefined

/** A CoAP server without DTLS on a free port of 127.0.0.1 that answers each POST as it is told to. */
export class WrongServer implements Disposable {
  readonly #socket = createSocket("udp4")
  requests = 0

  constructor(answer: Answer) {
    this.#socket.bindSync({ address: "127.0.0.1", port: 0 })
    this.#socket.on("message", (datagram, { address, port }) => {
      const decoded = decode(datagram)
      if (Result.isFailure(decoded) || decoded.success.code !== Code.Post) return
      this.requests++
      const answered = answer(decoded.success)
      if (answered === undefined) return
      const bytes = answered instanceof Uint8Array ? answered : encode({ ...goodAnswer(decoded.success), ...answered })
      this.#socket.send(bytes, port, address)
    })
  }

  get port(): number {
    return this.#socket.address().port
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }
}

export const goodAnswer = (request: Message): Message => {
  const { id } = JSON.parse(Buffer.from(request.payload).toString()) as { readonly id: string }
  return {
    type: "ACK" satisfies MessageType,
    code: Code.Changed,
    messageId: request.messageId,
    token: request.token,
    options: [],
    payload: Buffer.from(`{"id":"${id}","code":200,"data":{}}`)
  }
}
