import { type ClientRequest, Code, noBytes, OptionNumber, stringOption, uintOption } from "@roost/coap"

/** The CoAP request for an EnOS topic, which stands behind `/topic` in Uri-Path (contract §4.4). */
export const getTopic = (topic: string): ClientRequest => ({
  code: Code.Get,
  confirmable: true,
  options: pathOf(topic),
  payload: noBytes
})

export const postTopic = (topic: string, payload: Uint8Array): ClientRequest => ({
  code: Code.Post,
  confirmable: true,
  options: payload.length === 0 ? pathOf(topic) : [...pathOf(topic), contentFormat(payload)],
  payload
})

const pathOf = (topic: string) => `topic${topic}`.split("/").map((part) => stringOption(OptionNumber.UriPath, part))

const applicationJson = 50
const applicationOctetStream = 42

/** EnOS messages are objects, so they begin with a brace. */
const contentFormat = (payload: Uint8Array) =>
  uintOption(OptionNumber.ContentFormat, payload[0] === "{".charCodeAt(0) ? applicationJson : applicationOctetStream)
