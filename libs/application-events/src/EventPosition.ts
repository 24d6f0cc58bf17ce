import { FollowedKind } from "@roost/contracts"
import type { ReaderPlace } from "@roost/nats"

/** The last message that was heard of each kind's stream. */
export type EventPosition = Partial<Record<FollowedKind, ReaderPlace>>

/**
 * Such as `uplink=12@1796026279945,command=7@1796026290512`: the `id` of a server-sent event, and `Last-Event-ID` of who comes back.
 * The streams stored the messages of these sequences at these times, in milliseconds since 1970. A stream that was set back has
 * another time there.
 */
export const formatPosition = (position: EventPosition): string =>
  FollowedKind.literals
    .flatMap((kind) => {
      const place = position[kind]
      if (place === undefined) return []
      return place.storedAt === undefined ? `${kind}=${place.sequence}` : `${kind}=${place.sequence}@${place.storedAt}`
    })
    .join()

/** Undefined if the text is no position. */
export const parsePosition = (text: string): EventPosition | undefined => {
  const position: EventPosition = {}
  for (const part of text === "" ? [] : text.split(",")) {
    const found = /^(?<kind>[a-z]+)=(?<sequence>[0-9]{1,15})(?:@(?<storedAt>[0-9]{1,15}))?$/.exec(part)?.groups
    if (found === undefined || !isKind(found["kind"])) return undefined
    const sequence = Number(found["sequence"])
    position[found["kind"]] =
      found["storedAt"] === undefined ? { sequence } : { sequence, storedAt: Number(found["storedAt"]) }
  }
  return position
}

const isKind = (text: string | undefined): text is FollowedKind => FollowedKind.literals.includes(text as FollowedKind)
