import { nearestName } from "./NearestName.ts"
import { deviceKeyRule, isDeviceKey, isProductKey, productKeyRule } from "./Key.ts"
import { classifyTopic, topicNames } from "./Topic.ts"

/** Characters of a path that are shown. */
const shownPathLengthMax = 200
/** Segments that are looked at: what has more is no typing error. */
const segmentsMax = 16

/** A path as it came, for the operator. A slash inside a segment is shown as `%2F`. */
export const shownPath = (path: ReadonlyArray<string>): string => {
  const segments = path.map((segment) =>
    encodeURIComponent(segment.toWellFormed()).replaceAll(/%(3A|7B|7D)/g, unescaped)
  )
  const shown = `/${segments.join("/")}`
  return shown.length > shownPathLengthMax ? `${shown.slice(0, shownPathLengthMax)}…` : shown
}

/**
 * The fault of a path that is no topic, and the topic that was probably meant, for the operator. `productKey` and `deviceKey` are
 * the session's. Takes some 0.3 ms for what is like no topic: not to be called for every message of a device that sends no other.
 */
export const nearestTopic = (path: ReadonlyArray<string>, productKey: string, deviceKey: string): string => {
  const faults: Array<string> = []
  const meant = meantBy(path.slice(0, segmentsMax), productKey, deviceKey, faults)
  const why = faults.length === 0 ? "" : `; likely ${faults.join(", and ")}`
  return meant === undefined
    ? `${why}. No topic is like it: they begin with /topic/sys/${productKey}/${deviceKey}/, and docs/protocol.md lists them`
    : `${why}. The nearest topic is ${shownPath(meant)}`
}

/** Repairs one kind of mistake after the other; undefined if what is left is still no topic. */
const meantBy = (
  path: ReadonlyArray<string>,
  productKey: string,
  deviceKey: string,
  faults: Array<string>
): ReadonlyArray<string> | undefined => {
  let segments = path
  const repair = (repaired: ReadonlyArray<string>, fault: string) => {
    if (repaired.length === segments.length && repaired.every((segment, i) => segment === segments[i])) return
    segments = repaired
    faults.push(fault)
  }
  repair(
    segments.flatMap((segment) => segment.replaceAll(/%2f/gi, "/").split("/")),
    "a segment holds slashes: each segment is a Uri-Path option of its own (RFC 7252 §6.4)"
  )
  if (segments.at(-1) === "") repair(trimmedEnd(segments), "a slash at the end, which makes a last, empty segment")
  repair(
    segments.filter((segment) => segment !== ""),
    "a slash too many, which makes an empty segment"
  )
  repair(
    segments.map(unescaped),
    "characters are escaped (%3A), which belongs to a URL: an option has them as they are"
  )
  repair(
    segments.map((segment) => segment.replaceAll(/[\s\0]/g, "")),
    "there are blanks, line ends or NULs in it"
  )
  repair(
    segments.map((segment) => segment.replace(/[?#].*$/, "")),
    "a query in the path: it is an option of its own, and none is needed"
  )
  if (segments.length === 0) faults.splice(0, Infinity, "the request has no Uri-Path at all")
  const head = segments[0]?.toLowerCase()
  if (head === "sys" || head === "ext") repair(["topic", ...segments], "/topic is missing in front")
  else if (head === "thing" || head === "ota") {
    repair(
      ["topic", "sys", productKey, deviceKey, ...segments],
      "/topic/sys/{ProductKey}/{DeviceKey} is missing in front"
    )
  }
  const second = segments[1]?.toLowerCase()
  if (segments[0]?.toLowerCase() === "topic" && second !== "sys" && second !== "ext") {
    const isName = second !== undefined && [productKey, deviceKey].some((key) => key.toLowerCase() === second)
    if (isName || topLevels.test(second ?? "")) {
      repair(["topic", "sys", ...segments.slice(1)], "sys is missing behind /topic")
    }
  }
  if (second === "ext" && segments[2]?.toLowerCase() !== "session") {
    repair([...segments.slice(0, 2), "session", ...segments.slice(2)], "session is missing behind /topic/ext")
  }
  const scheme = segments[1]?.toLowerCase()
  const keysAt = scheme === "ext" ? 3 : 2
  const nameAt = segments.findIndex((segment, i) => i >= 2 && topLevels.test(segment))
  if (nameAt >= 2 && nameAt < keysAt + 2) {
    repair(
      [...segments.slice(0, keysAt), productKey, deviceKey, ...segments.slice(nameAt)],
      `its keys are not {ProductKey}/{DeviceKey}, which are ${productKey}/${deviceKey} here`
    )
  }
  const [product, device] = [segments[keysAt], segments[keysAt + 1]]
  if (product !== undefined && device !== undefined && !(isProductKey(product) && isDeviceKey(device))) {
    repair(
      segments.map((segment, i) => (i === keysAt ? productKey : i === keysAt + 1 ? deviceKey : segment)),
      isProductKey(product) ? `its device key is not ${deviceKeyRule}` : `its product key is not ${productKeyRule}`
    )
  }
  if (segments.length < keysAt + 3) return undefined
  const name = segments.slice(keysAt + 2).join("/")
  const fixed = ["topic", ...(scheme === "ext" ? ["ext", "session"] : ["sys"]), ...segments.slice(keysAt, keysAt + 2)]
  const wanted = (candidate: string) => [...fixed, ...candidate.split("/")]
  if (isTopic(wanted(name))) {
    repair(wanted(name), "capitals and small letters are mixed up: topics have them as they are written")
    return segments
  }
  // The model names an event or a service.
  const identifier =
    /^[A-Za-z0-9_-]{1,64}$/.exec(segments.at(name.startsWith("thing") ? keysAt + 4 : keysAt + 3) ?? "")?.[0] ??
    "{identifier}"
  const known = scheme === "ext" ? ["thing/activate/info"] : topicNames.map((topic) => topic.replace("*", identifier))
  const same = known.find((topic) => topic.toLowerCase() === name.toLowerCase())
  if (same !== undefined) {
    repair(wanted(same), "capitals and small letters are mixed up: topics have them as they are written")
    return segments
  }
  const nearest =
    known.find((topic) => topic === `thing/${name}` || topic.startsWith(`${name}/`)) ?? nearestName(name, known)
  return nearest === undefined ? undefined : wanted(nearest)
}

/** The beginning of a topic's name, behind the keys. */
const topLevels = /^(thing|ota|network|connection)$/i

const isTopic = (segments: ReadonlyArray<string>): boolean => classifyTopic(segments)._tag !== "Unknown"

const trimmedEnd = (segments: ReadonlyArray<string>): ReadonlyArray<string> => {
  const last = segments.findLastIndex((segment) => segment !== "")
  return segments.slice(0, last + 1)
}

const unescaped = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
