/**
 * The changes that a command makes at its device, by name: nothing older may take effect after something newer that changes the same.
 * Only commands of one topic have anything in common.
 */
export type CommandEffect = ReadonlyArray<string>

/** Of the topic, without `/topic`, and the bytes that the device gets. */
export const effectOf = (topic: string, payload: Uint8Array): CommandEffect => {
  const name = topic.split("/").slice(namedFrom).join("/")
  if (name === "thing/service/measurepoint/get") return []
  if (name === "thing/service/measurepoint/set") return pointsOf(payload)
  // A service, an upgrade, or raw bytes: what any of these changes, each may.
  return [name]
}

export const changeTheSame = (a: CommandEffect, b: CommandEffect): boolean => a.some((part) => b.includes(part))

/** Names can't hold a blank, so a point is no topic. A payload that can't be read, which downlink-queue never writes, is one thing. */
const pointsOf = (payload: Uint8Array): CommandEffect => {
  try {
    const { params } = JSON.parse(utf8.decode(payload)) as { readonly params?: unknown }
    if (typeof params === "object" && params !== null) return Object.keys(params).map((point) => `point ${point}`)
  } catch {
    // As below.
  }
  return ["points"]
}

/** Behind `/sys/{productKey}/{deviceKey}/`. */
const namedFrom = 4
const utf8 = new TextDecoder()
