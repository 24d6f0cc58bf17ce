import { repeatedKeyOf } from "./json/RepeatedKey.ts"
import { shown } from "./model/ValueCheck.ts"
import { nearestName } from "./NearestName.ts"
import { unreadOf } from "./ParamsShape.ts"

/**
 * The part of an accepted message that nobody reads, for the operator; undefined if all is read. EnOS answers such a message 200, so a
 * device would never be told.
 */
export const oddMessageOf = (
  payload: Uint8Array,
  whole: Readonly<Record<string, unknown>>,
  method: string,
  params: unknown
): string | undefined => {
  for (const name in whole) {
    if (!members.has(name)) return besideText(name)
  }
  const version = String(whole["version"])
  if (!versionOne.test(version)) {
    return `version is ${JSON.stringify(shown(version))}: it was read as a message of version "1.0", the only one there is`
  }
  const unread = unreadOf(method, params)
  return unread ?? oddReplyOf(payload, whole)
}

/** The same of a reply to a command, which may have anything beside what is read of it. */
export const oddReplyOf = (payload: Uint8Array, whole: Readonly<Record<string, unknown>>): string | undefined => {
  const repeated = repeatedKeyOf(payload, whole)
  return repeated === undefined
    ? undefined
    : `${JSON.stringify(shown(repeated))} comes twice in one object: the last one counts`
}

const besideText = (name: string): string => {
  const quoted = JSON.stringify(shown(name))
  if (ofParams.has(name)) return `${quoted} stands beside params: nobody reads it there, it belongs into params`
  const nearest = nearestName(name, members)
  return `nobody reads ${quoted}${nearest === undefined ? "" : `; ${JSON.stringify(nearest)} was probably meant`}`
}

/** Of a message (enos-protocol §2, §3.1.2). */
const members: ReadonlySet<string> = new Set([
  "id",
  "version",
  "method",
  "params",
  "allowOfflineSubDevice",
  "skipInvalidMeasurepoints"
])
const ofParams: ReadonlySet<string> = new Set(["time", "measurepoints", "events", "attributes", "tags"])
/** EnOS's own libraries send `1.0`, `1.1` and `1.0.0`. */
const versionOne = /^1(?:\.\d+){0,2}$/
