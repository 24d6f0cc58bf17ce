import { FollowedKind } from "@roost/contracts"

/** The last sequence that was heard of each kind's stream. */
export type EventPosition = Partial<Record<FollowedKind, number>>

/** Such as `uplink=12,command=7`: the `id` of a server-sent event, and `Last-Event-ID` of who comes back. */
export const formatPosition = (position: EventPosition): string =>
  FollowedKind.literals.flatMap((kind) => (position[kind] === undefined ? [] : [`${kind}=${position[kind]}`])).join()

/** Undefined if the text is no position. */
export const parsePosition = (text: string): EventPosition | undefined => {
  const position: EventPosition = {}
  for (const part of text === "" ? [] : text.split(",")) {
    const [kind, number] = part.split("=")
    if (!isKind(kind) || number === undefined || !/^[0-9]{1,15}$/.test(number)) return undefined
    position[kind] = Number(number)
  }
  return position
}

const isKind = (text: string | undefined): text is FollowedKind => FollowedKind.literals.includes(text as FollowedKind)
