import { EnosCode } from "./EnosCode.ts"
import { isJsonNumber } from "./json/ExactNumber.ts"
import { isRecord, shown } from "./model/ValueCheck.ts"
import { nearestName } from "./NearestName.ts"
import type { Refusal } from "./Refusal.ts"

/**
 * Words for the operator behind a refusal of `params` that have another shape than their method's. They name the likely cause, where one
 * stands out, and the right form of such `params`. Undefined where the shape is not what was refused.
 */
export const shapeHintOf = (method: string, params: unknown, refused: Refusal): string | undefined => {
  if (!shapeCodes.has(refused.code)) return undefined
  const shape = shapeOf(method)
  if (shape === undefined) return undefined
  const cause = causeOf(shape, params, refused.field)
  return `${cause === undefined ? "" : `; likely cause: ${cause}`}. Send params as ${shape.example}`
}

/** A member of accepted `params` that is none of their method's, and what was probably meant; undefined if there is none. */
export const unreadOf = (method: string, params: unknown): string | undefined => {
  const member = shapeOf(method)?.member
  if (member === undefined) return undefined
  for (const part of Array.isArray(params) ? (params as ReadonlyArray<unknown>) : [params]) {
    if (!isRecord(part)) continue
    for (const name in part) {
      if (name === member || besides.has(name)) continue
      const nearest = nearestName(name, [member, ...besides])
      const meant = nearest === undefined ? "" : `; ${JSON.stringify(nearest)} was probably meant`
      return `nobody reads ${JSON.stringify(shown(name))} of params${meant}`
    }
  }
  return undefined
}

interface Shape {
  /** The member that holds the data; undefined for a list of tags. */
  readonly member: string | undefined
  readonly isList: boolean
  readonly example: string
}

const causeOf = ({ isList, member }: Shape, params: unknown, field: string): string | undefined => {
  if (isList !== Array.isArray(params)) {
    return isList
      ? "one object without the list around it"
      : "a list of several, which belong to the topic's /batch or into messages of their own"
  }
  const at = /^\[(\d+)\]/.exec(field)
  const part: unknown = at === null ? params : (params as ReadonlyArray<unknown>)[Number(at[1])]
  if (!isRecord(part)) return undefined
  if (field.endsWith("time")) return causeOfTime(part["time"])
  if (member === undefined || part[member] !== undefined) return undefined
  const names = Object.keys(part)
  const mistyped = names.find((name) => nearestName(name, [member]) === member)
  if (mistyped !== undefined) return `the name is mistyped: ${JSON.stringify(shown(mistyped))}`
  const first = names.find((name) => !besides.has(name))
  return first === undefined
    ? undefined
    : `its content stands beside it or under another name: ${JSON.stringify(shown(first))}`
}

const causeOfTime = (time: unknown): string | undefined => {
  if (typeof time === "string") return /^\d+$/.test(time) ? "the number has quotes" : "the time is a date's text"
  return isJsonNumber(time) ? "seconds with a fraction, or a clock that is not set" : undefined
}

const shapeOf = (method: string): Shape | undefined =>
  shapes.get(method) ?? (method.startsWith("thing.event.") ? eventShape : undefined)

const post = '{"measurepoints":{"temp":21.5},"time":1700000000000}'
const eventShape: Shape = { member: "events", isList: false, example: '{"events":{"temp":90},"time":1700000000000}' }
const onePost: Shape = { member: "measurepoints", isList: false, example: post }
const batch: Shape = { member: "measurepoints", isList: true, example: `[${post}]` }
const names = (member: string): Shape => ({ member, isList: false, example: `{"${member}":["name"]}` })
const shapes: ReadonlyMap<string, Shape> = new Map([
  ["thing.measurepoint.post", onePost],
  ["thing.measurepoint.resume", onePost],
  ["thing.measurepoint.post.batch", batch],
  ["thing.measurepoint.resume.batch", batch],
  ["thing.attribute.update", { member: "attributes", isList: false, example: '{"attributes":{"name":"value"}}' }],
  ["thing.attribute.query", names("attributes")],
  ["thing.attribute.delete", names("attributes")],
  ["thing.tag.update", { member: undefined, isList: true, example: '[{"tagKey":"name","tagValue":"value"}]' }],
  ["thing.tag.query", names("tags")],
  ["thing.tag.delete", names("tags")]
])
const shapeCodes: ReadonlySet<number> = new Set([
  EnosCode.parseError,
  EnosCode.measurepointFormat,
  EnosCode.attributeUpdateFormat,
  EnosCode.attributeQueryFormat,
  EnosCode.attributeDeleteFormat
])
/** The members that may stand beside the data. */
const besides: ReadonlySet<string> = new Set(["time", "productKey", "deviceKey"])
