import { isDeviceKey, isProductKey } from "./Key.ts"

/** The content of a topic; also the last token of an uplink's NATS subject. */
export const UplinkKind = [
  "measurepoint",
  "event",
  "attribute",
  "tag",
  "raw",
  "ota",
  "log",
  "network",
  "other"
] as const
export type UplinkKind = (typeof UplinkKind)[number]

/** A topic of the EnOS device protocol (enos-protocol §3), by what a device may do with it. */
export type Topic =
  /** POST: data of the device. `method` is what the envelope must say; empty for raw bytes. */
  | {
      readonly _tag: "Uplink"
      readonly productKey: string
      readonly deviceKey: string
      readonly kind: UplinkKind
      readonly method: string
      readonly raw: boolean
    }
  /** GET: fetch a pending command. */
  | { readonly _tag: "Command"; readonly productKey: string; readonly deviceKey: string; readonly raw: boolean }
  /** POST: what became of a command. `commandTopic` is the one it was fetched from. */
  | {
      readonly _tag: "CommandReply"
      readonly productKey: string
      readonly deviceKey: string
      readonly commandTopic: string
      readonly raw: boolean
    }
  /** GET: the device's own secret (contract §6.7). */
  | { readonly _tag: "ActivateInfo"; readonly productKey: string; readonly deviceKey: string }
  /** Names another scheme of topics or nothing that EnOS defines. */
  | { readonly _tag: "Unknown" }

interface Row {
  /** After `{pk}/{dk}/`; `*` stands for one identifier. */
  readonly pattern: string
  readonly kind: UplinkKind
  /** `*` becomes the identifier. */
  readonly method: string
}

/** Uplinks, fixed names before patterns (enos-protocol §3.1). */
const uplinks: ReadonlyArray<Row> = [
  { pattern: "thing/measurepoint/post", kind: "measurepoint", method: "thing.measurepoint.post" },
  { pattern: "thing/measurepoint/post/batch", kind: "measurepoint", method: "thing.measurepoint.post.batch" },
  { pattern: "thing/measurepoint/resume", kind: "measurepoint", method: "thing.measurepoint.resume" },
  { pattern: "thing/measurepoint/resume/batch", kind: "measurepoint", method: "thing.measurepoint.resume.batch" },
  { pattern: "thing/attribute/update", kind: "attribute", method: "thing.attribute.update" },
  { pattern: "thing/attribute/query", kind: "attribute", method: "thing.attribute.query" },
  { pattern: "thing/attribute/delete", kind: "attribute", method: "thing.attribute.delete" },
  { pattern: "thing/tag/update", kind: "tag", method: "thing.tag.update" },
  { pattern: "thing/tag/query", kind: "tag", method: "thing.tag.query" },
  { pattern: "thing/tag/delete", kind: "tag", method: "thing.tag.delete" },
  { pattern: "thing/tsltemplate/get", kind: "other", method: "thing.tsltemplate.get" },
  { pattern: "thing/log/post", kind: "log", method: "thing.log.post" },
  { pattern: "thing/model/up_raw", kind: "raw", method: "" },
  { pattern: "ota/device/inform", kind: "ota", method: "ota.device.inform" },
  { pattern: "ota/device/getversion", kind: "ota", method: "ota.device.getversion" },
  { pattern: "ota/device/progress", kind: "ota", method: "ota.device.progress" },
  { pattern: "network/status/report", kind: "network", method: "network.status.report" },
  { pattern: "connection/state/post", kind: "other", method: "connection.state.post" },
  { pattern: "thing/event/*/post", kind: "event", method: "thing.event.*.post" }
]

/** Identifiers of events and services: bounded, and nothing that could be taken for another topic. */
const identifier = /^[A-Za-z0-9_-]{1,64}$/

const uplinkByName: ReadonlyMap<string, Row> = new Map(uplinks.map((row) => [row.pattern, row]))
const uplinkByMethod: ReadonlyMap<string, Row> = new Map(
  uplinks.flatMap((row) => (row.method === "" || row.kind === "event" ? [] : [[row.method, row]]))
)

/** Where a method's messages are posted: what a raw product's script says instead of a topic (enos-protocol §5). */
export const uplinkOfMethod = (method: string): { readonly kind: UplinkKind; readonly name: string } | undefined => {
  const row = uplinkByMethod.get(method)
  if (row !== undefined) return { kind: row.kind, name: row.pattern }
  const event = /^thing\.event\.([A-Za-z0-9_-]{1,64})\.post$/.exec(method)?.[1]
  return event === undefined ? undefined : { kind: "event", name: `thing/event/${event}/post` }
}

/**
 * Reads the decoded Uri-Path segments of a request, the leading `topic` included. Segments are compared as they are:
 * a `/` inside one, `.` and `..` match nothing (RFC 7252 §5.10.1, C4).
 */
export const classifyTopic = (segments: ReadonlyArray<string>): Topic => {
  if (segments[0] !== "topic" || segments.length > segmentsMax) return unknown
  if (segments[1] === "sys") return classifySys(segments)
  if (segments[1] === "ext" && segments[2] === "session") return classifySession(segments)
  return unknown
}

const classifySys = (segments: ReadonlyArray<string>): Topic => {
  const productKey = segments[2]
  const deviceKey = segments[3]
  if (productKey === undefined || deviceKey === undefined) return unknown
  if (!isProductKey(productKey) || !isDeviceKey(deviceKey)) return unknown
  for (let i = 4; i < segments.length; i++) if (segments[i]!.includes("/")) return unknown
  const rest = segments.slice(4)
  const name = rest.join("/")
  const row = uplinkByName.get(name)
  if (row !== undefined) {
    return { _tag: "Uplink", productKey, deviceKey, kind: row.kind, method: row.method, raw: row.method === "" }
  }
  if (rest[0] === "thing" && rest[1] === "event" && rest[3] === "post" && rest.length === 4) {
    if (!identifier.test(rest[2]!)) return unknown
    return { _tag: "Uplink", productKey, deviceKey, kind: "event", method: `thing.event.${rest[2]}.post`, raw: false }
  }
  const reply = name.endsWith(replySuffix)
  const command = reply ? name.slice(0, -replySuffix.length) : name
  if (!isCommandName(command)) return unknown
  const raw = command === rawCommand
  return reply
    ? { _tag: "CommandReply", productKey, deviceKey, commandTopic: `/sys/${productKey}/${deviceKey}/${command}`, raw }
    : { _tag: "Command", productKey, deviceKey, raw }
}

const classifySession = (segments: ReadonlyArray<string>): Topic => {
  const productKey = segments[3]
  const deviceKey = segments[4]
  if (productKey === undefined || deviceKey === undefined || segments.length !== 8) return unknown
  if (!isProductKey(productKey) || !isDeviceKey(deviceKey)) return unknown
  return segments[5] === "thing" && segments[6] === "activate" && segments[7] === "info"
    ? { _tag: "ActivateInfo", productKey, deviceKey }
    : unknown
}

/** `measurepoint/set` and `get` are reserved names, so they come before the pattern of services (enos-protocol §3.2). */
const isCommandName = (name: string): boolean => {
  if (name === setCommand || name === getCommand || name === rawCommand || name === upgradeCommand) return true
  return name.startsWith(servicePrefix) && identifier.test(name.slice(servicePrefix.length))
}

const unknown: Topic = { _tag: "Unknown" }
/** The longest topic has 8 segments; more can't match (C4: 255 segments). */
const segmentsMax = 12
const replySuffix = "_reply"
const servicePrefix = "thing/service/"
const setCommand = "thing/service/measurepoint/set"
const getCommand = "thing/service/measurepoint/get"
const rawCommand = "thing/model/down_raw"
const upgradeCommand = "ota/device/upgrade"

/** Every topic below `/topic/sys/{ProductKey}/{DeviceKey}/`; `*` stands for the identifier of an event or a service. */
export const topicNames: ReadonlyArray<string> = [
  ...uplinks.map(({ pattern }) => pattern),
  ...[setCommand, getCommand, rawCommand, upgradeCommand, `${servicePrefix}*`].flatMap((name) => [
    name,
    `${name}${replySuffix}`
  ])
]

const system = (productKey: string, deviceKey: string, name: string): string =>
  `/sys/${productKey}/${deviceKey}/${name}`

/** Topics by name, without `/topic`. */
export const Topics = {
  measurepointPost: (pk: string, dk: string) => system(pk, dk, "thing/measurepoint/post"),
  upRaw: (pk: string, dk: string) => system(pk, dk, "thing/model/up_raw"),
  downRaw: (pk: string, dk: string) => system(pk, dk, rawCommand),
  measurepointSet: (pk: string, dk: string) => system(pk, dk, setCommand),
  measurepointGet: (pk: string, dk: string) => system(pk, dk, getCommand),
  otaUpgrade: (pk: string, dk: string) => system(pk, dk, upgradeCommand),
  service: (pk: string, dk: string, serviceId: string) => system(pk, dk, servicePrefix + serviceId),
  activateInfo: (pk: string, dk: string) => `/ext/session/${pk}/${dk}/thing/activate/info`,
  reply: (topic: string) => topic + replySuffix
} as const

/** Whether `id` may name a service; `measurepoint` alone is no service, its `set` and `get` are. */
export const isServiceIdentifier = (id: string): boolean => identifier.test(id) && !id.endsWith(replySuffix)
