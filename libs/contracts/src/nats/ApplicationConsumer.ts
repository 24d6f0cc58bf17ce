import * as Schema from "effect/Schema"
import { Subjects } from "../Subjects.ts"
import { encodeToken } from "../SubjectToken.ts"
import { ownConsumerName } from "./Applications.ts"

const key = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(256))

/** Streams that applications may read, and what the parts of their subjects are. */
export const ApplicationStream = Schema.Literals(["UPLINK", "PRESENCE", "EVENT"])

/**
 * An application's durable consumer: processes that share it share the messages, and it goes on where it stopped. Asked for
 * again with the same filter it is the same; with another it is refused.
 */
export const ApplicationConsumer = Schema.Struct({
  stream: ApplicationStream,
  consumer: Schema.String.check(Schema.isPattern(/^[A-Za-z0-9_-]{1,64}$/)),
  /** Left out: of every product, device, or kind. */
  productKey: Schema.optionalKey(key),
  deviceKey: Schema.optionalKey(key),
  /** Of an uplink or an event. */
  kind: Schema.optionalKey(key),
  /** Where a new one begins: with what the stream has, as where it is left out, or with what comes from now on. */
  from: Schema.optionalKey(Schema.Literals(["first", "now"]))
})
export type ApplicationConsumer = typeof ApplicationConsumer.Type

export const ApplicationConsumerReply = Schema.Union([
  Schema.TaggedStruct("Ready", { stream: Schema.String, consumer: Schema.String, filterSubject: Schema.String }),
  Schema.TaggedStruct("Refused", {
    reason: Schema.Literals(["OtherFilter", "NameTaken", "NoSuchKind", "TooMany"]),
    detail: Schema.String
  })
])
export type ApplicationConsumerReply = typeof ApplicationConsumerReply.Type

export const applicationConsumerRpc = {
  subject: Subjects.applicationConsumer,
  request: ApplicationConsumer,
  response: ApplicationConsumerReply
} as const

/** The subject that a consumer reads by; undefined: messages of this stream have no kind. */
export const filterSubjectOf = (wanted: ApplicationConsumer): string | undefined => {
  const [product, device, kind] = [wanted.productKey, wanted.deviceKey, wanted.kind].map((part) =>
    part === undefined ? "*" : encodeToken(part)
  )
  switch (wanted.stream) {
    case "UPLINK":
      return `roost.uplink.${product}.${device}.${kind}`
    case "EVENT":
      return `roost.event.${product}.${device}.${kind}`
    case "PRESENCE":
      return wanted.kind === undefined ? `roost.presence.${product}.${device}` : undefined
  }
}

export const isOwnConsumerName = (name: string): boolean => ownConsumerName.test(name)
