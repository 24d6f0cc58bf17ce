import * as Result from "effect/Result"
import {
  Code,
  decode,
  defaultServerSettings,
  encode,
  type Message,
  noBytes,
  type Option,
  OptionNumber,
  type Output,
  type Outputs,
  type Response,
  ServerExchanges,
  stringOption
} from "../../src/index.ts"

export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"))

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)

export const pathOptions = (path: string): ReadonlyArray<Option> =>
  path
    .split("/")
    .filter((segment) => segment !== "")
    .map((segment) => stringOption(OptionNumber.UriPath, segment))

export const message = (part: Partial<Message>): Message => ({
  type: "CON",
  code: Code.Post,
  messageId: 1,
  token: hex("0102"),
  options: pathOptions("/topic/a"),
  payload: noBytes,
  ...part
})

/** Bytes of their own: the encoder's are only good until the next message. */
export const bytesOf = (part: Partial<Message>): Uint8Array => encode(message(part)).slice()

export const decoded = (bytes: Uint8Array): Message => Result.getOrThrow(decode(bytes))

export const only = <Tag extends Output["_tag"]>(
  outputs: Outputs,
  tag: Tag
): Extract<Output, { readonly _tag: Tag }> => {
  if (outputs.length !== 1 || outputs[0]!._tag !== tag)
    throw new Error(`expected one ${tag}, got ${JSON.stringify(outputs)}`)
  return outputs[0] as Extract<Output, { readonly _tag: Tag }>
}

/** The message of the one Transmit among the outputs. */
export const sent = (outputs: Outputs): Message => decoded(only(outputs, "Transmit").bytes)

/** A server of one session, at its defaults. */
export const server = (): ServerExchanges => new ServerExchanges(defaultServerSettings, () => 0.5)

/** An application's answer that announces a command. */
export const changed: Response = {
  code: Code.Changed,
  options: [stringOption(OptionNumber.PendingCommand, "/topic/sys/pk/dk/thing/service/x")],
  payload: text('{"id":"1","code":200}')
}

/** An Empty message by its first byte. */
export const empty = (first: string, messageId: number): Uint8Array =>
  hex(first + "00" + messageId.toString(16).padStart(4, "0"))
