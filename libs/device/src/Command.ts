import { type ClientResponse, findOption, OptionNumber } from "@roost/coap"
import { decodeRequest, EnosCode } from "@roost/enos"
import * as Result from "effect/Result"

/** A command as the device gets it. `method` and `id` are empty for raw bytes, and for what is no EnOS message. */
export interface ReceivedCommand {
  readonly topic: string
  readonly id: string
  readonly method: string
  readonly params: unknown
  readonly payload: Uint8Array
}

/** The device's answer: an EnOS code (200 is success) and data, or bytes for a raw command. */
export type CommandAnswer = { readonly code: number; readonly data?: unknown; readonly message?: string } | Uint8Array

export type CommandHandler = (command: ReceivedCommand) => CommandAnswer

/** The answer of a device that was not told what to do with commands. */
export const refuseCommand: CommandHandler = () => ({ code: EnosCode.handlerNotRegistered, message: "no handler" })

export const commandOf = (topic: string, payload: Uint8Array): ReceivedCommand => {
  const raw = { topic, id: "", method: "", params: undefined, payload }
  if (topic.endsWith("/down_raw")) return raw
  const decoded = decodeRequest(payload)
  if (Result.isFailure(decoded)) return raw
  const { id, method, params } = decoded.success
  return { topic, id: String(id ?? ""), method, params, payload }
}

/** The EnOS topic, without `/topic`, that Option 2100 of a response names. */
export const announcedTopic = (response: ClientResponse): string | undefined => {
  const option = findOption(response.options, OptionNumber.PendingCommand)
  const path = option === undefined ? undefined : new TextDecoder().decode(option.value)
  return path?.startsWith("/topic/") === true ? path.slice("/topic".length) : undefined
}
