import {
  type Block,
  blockOption,
  Code,
  decodeBlock,
  defaultServerSettings,
  findOption,
  noBytes,
  type Option,
  OptionNumber,
  type Outputs,
  ServerExchanges
} from "../../src/index.ts"
import { bytesOf, pathOptions, sent } from "./build.ts"

/** A server, and requests with a message id of their own each. */
export class BlockSession {
  readonly exchanges = new ServerExchanges(defaultServerSettings, () => 0.5)
  now = 0
  #messageId = 0

  send(code: number, options: ReadonlyArray<Option>, payload: Uint8Array = noBytes, path = "/topic/a"): Outputs {
    this.#messageId += 1
    const all = [...pathOptions(path), ...options]
    return this.exchanges.handleMessage(this.now, bytesOf({ code, messageId: this.#messageId, options: all, payload }))
  }

  upload(block: Block, payload: Uint8Array, extra: ReadonlyArray<Option> = [], path?: string): Outputs {
    return this.send(Code.Post, [blockOption(OptionNumber.Block1, block), ...extra], payload, path)
  }

  fetch(block: Block, extra: ReadonlyArray<Option> = []): Outputs {
    return this.send(Code.Get, [blockOption(OptionNumber.Block2, block), ...extra])
  }

  respond(exchange: number, payload: Uint8Array, options: ReadonlyArray<Option> = []): Outputs {
    return this.exchanges.respond(this.now, exchange, { code: Code.Changed, options, payload })
  }
}

export const filled = (bytes: number, value: number): Uint8Array => new Uint8Array(bytes).fill(value)

export const block = (num: number, more: boolean, szx = 0): Block => ({ num, more, szx })

export const block1Of = (outputs: Outputs): Block | undefined =>
  decodeBlock(findOption(sent(outputs).options, OptionNumber.Block1)!.value)
