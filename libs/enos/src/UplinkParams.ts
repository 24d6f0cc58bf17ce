import { EnosCode } from "./EnosCode.ts"
import type { CompiledThingModel } from "./model/CompiledThingModel.ts"
import { compareNumerals, isExactNumber, isInteger } from "./json/ExactNumber.ts"
import { isStorable } from "./json/StorableText.ts"
import { describeValue, isRecord, shown } from "./model/ValueCheck.ts"
import type { Refusal } from "./Refusal.ts"

/** Attributes or tags in one message (enos-protocol §9). */
export const entriesPerMessageMax = 200
/** Characters of a tag's key; it starts with a letter or `_` (enos-protocol §3.1.9). */
export const tagKeyLengthMax = 100
/** Characters of a tag's value (enos-protocol §9). */
export const tagValueLengthMax = 200
/** Characters of an attribute's name, as of an identifier in a thing model. */
export const attributeNameLengthMax = 128
/** Posts in one batch; 64 KiB hold no more that say anything. */
export const batchLengthMax = 1000

/** The request's device, and the model of its product; without a model anything well-formed is accepted. */
export interface UplinkContext {
  readonly productKey: string
  readonly deviceKey: string
  readonly model: CompiledThingModel | undefined
}

/**
 * Checks `params` of an uplink by the method of its topic (enos-protocol §3.1). Undefined: accepted. Topics of which
 * EnOS documents no error are accepted as they are: log, network, connection state, OTA.
 */
export const checkUplinkParams = (method: string, params: unknown, context: UplinkContext): Refusal | undefined => {
  switch (method) {
    case "thing.measurepoint.post":
    case "thing.measurepoint.resume":
      return checkPost(params, context, "")
    case "thing.measurepoint.post.batch":
    case "thing.measurepoint.resume.batch":
      return checkBatch(params, context)
    case "thing.attribute.update":
      return checkAttributeUpdate(params, context.model)
    case "thing.attribute.query":
      return checkNames(params, "attributes", EnosCode.attributeQueryFormat)
    case "thing.attribute.delete":
      return checkAttributeDelete(params, context.model)
    case "thing.tag.update":
      return checkTagUpdate(params)
    case "thing.tag.query":
    case "thing.tag.delete":
      return checkNames(params, "tags", EnosCode.parseError)
    default:
      return method.startsWith(eventPrefix) ? checkEvent(method, params, context.model) : undefined
  }
}

const checkPost = (params: unknown, context: UplinkContext, at: string): Refusal | undefined => {
  if (!isRecord(params)) return malformed(at, "an object", params)
  const { measurepoints, time } = params
  if (!isRecord(measurepoints)) return malformed(`${at}measurepoints`, "an object", measurepoints)
  if (!isTime(time)) return malformed(`${at}time`, milliseconds, time)
  const refused = context.model?.checkMeasurepoints(measurepoints)
  return refused === undefined || at === "" ? refused : { ...refused, field: at + refused.field }
}

/** The first post that is refused refuses all (enos-protocol §3.1.2). */
const checkBatch = (params: unknown, context: UplinkContext): Refusal | undefined => {
  if (!Array.isArray(params)) return malformed("", "an array of posts", params)
  if (params.length === 0 || params.length > batchLengthMax) {
    return malformed("", `1–${batchLengthMax} posts`, params)
  }
  for (let i = 0; i < params.length; i++) {
    const post: unknown = params[i]
    if (isRecord(post) && !isOwn(post, context)) {
      const got = `${describeValue(post["productKey"])},${describeValue(post["deviceKey"])}`
      return { code: EnosCode.noSubDevicePermission, field: `[${i}]`, expected: "the device's own post", got }
    }
    const refused = checkPost(post, context, `[${i}].`)
    if (refused !== undefined) return refused
  }
  return undefined
}

/** Keys that are left out are the topic's. Sub-devices are not served, so no other device's data is anybody's. */
const isOwn = (post: Readonly<Record<string, unknown>>, { productKey, deviceKey }: UplinkContext): boolean =>
  (post["productKey"] ?? productKey) === productKey && (post["deviceKey"] ?? deviceKey) === deviceKey

const checkEvent = (method: string, params: unknown, model: CompiledThingModel | undefined): Refusal | undefined => {
  if (!isRecord(params)) return unparsed("", "an object", params)
  const { events, time } = params
  if (!isRecord(events)) return unparsed("events", "an object", events)
  if (!isTime(time)) return unparsed("time", milliseconds, time)
  return model?.checkEvent(method.slice(eventPrefix.length, -eventSuffix.length), events)
}

const checkAttributeUpdate = (params: unknown, model: CompiledThingModel | undefined): Refusal | undefined => {
  const code = EnosCode.attributeUpdateFormat
  const attributes = isRecord(params) ? params["attributes"] : undefined
  if (!isRecord(attributes)) return wrong(code, "attributes", "an object", attributes)
  if (Object.keys(attributes).length > entriesPerMessageMax) {
    return wrong(code, "attributes", `at most ${entriesPerMessageMax}`, attributes)
  }
  for (const name in attributes) if (!isName(name)) return wrong(code, `attributes.${shown(name)}`, nameRule, name)
  return model?.checkAttributes(attributes)
}

const checkAttributeDelete = (params: unknown, model: CompiledThingModel | undefined): Refusal | undefined => {
  const refused = checkNames(params, "attributes", EnosCode.attributeDeleteFormat)
  if (refused !== undefined || model === undefined) return refused
  return model.checkAttributeDelete((params as { readonly attributes: ReadonlyArray<string> }).attributes)
}

const checkNames = (params: unknown, field: "attributes" | "tags", code: number): Refusal | undefined => {
  const names = isRecord(params) ? params[field] : undefined
  if (!Array.isArray(names)) return wrong(code, field, "an array of names", names)
  if (names.length > entriesPerMessageMax) return wrong(code, field, `at most ${entriesPerMessageMax} names`, names)
  const index = names.findIndex((name) => typeof name !== "string" || !isName(name))
  return index === -1 ? undefined : wrong(code, `${field}[${index}]`, nameRule, names[index])
}

const checkTagUpdate = (params: unknown): Refusal | undefined => {
  if (!Array.isArray(params)) return unparsed("", "an array of tags", params)
  if (params.length > entriesPerMessageMax) return unparsed("", `at most ${entriesPerMessageMax} tags`, params)
  for (let i = 0; i < params.length; i++) {
    const tag: unknown = params[i]
    if (!isRecord(tag)) return unparsed(`[${i}]`, "an object", tag)
    const { tagKey, tagValue } = tag
    if (typeof tagKey !== "string" || !tagKeyPattern.test(tagKey)) return unparsed(`[${i}].tagKey`, tagKeyRule, tagKey)
    if (typeof tagValue !== "string" || tagValue.length > tagValueLengthMax) {
      return unparsed(`[${i}].tagValue`, `a string of at most ${tagValueLengthMax} characters`, tagValue)
    }
  }
  return undefined
}

/** Such as every database holds. */
const isName = (name: string): boolean => name.length > 0 && name.length <= attributeNameLengthMax && isStorable(name)

/** Any whole number from 0 on, however far off (`oddTimeOf` says so). Left out, it is the platform's (enos-protocol §6). */
const isTime = (time: unknown): boolean => {
  if (time === undefined) return true
  if (typeof time === "number") return Number.isInteger(time) && time >= 0
  return isExactNumber(time) && isInteger(time.rawJSON) && compareNumerals(time.rawJSON, "0") >= 0
}

const wrong = (code: number, field: string, expected: string, value: unknown): Refusal => ({
  code,
  field,
  expected,
  got: describeValue(value)
})
const malformed = (field: string, expected: string, value: unknown): Refusal =>
  wrong(EnosCode.measurepointFormat, field.replace(/\.$/, ""), expected, value)
/** Faults that EnOS has no code of its own for: "Parse error, [details]". */
const unparsed = (field: string, expected: string, value: unknown): Refusal =>
  wrong(EnosCode.parseError, field, expected, value)

const nameRule = `a name of 1–${attributeNameLengthMax} characters without NUL and lone surrogates`
const milliseconds = "milliseconds since 1970"
const eventPrefix = "thing.event."
const eventSuffix = ".post"
const tagKeyPattern = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/
const tagKeyRule = `1–${tagKeyLengthMax} of A–Z a–z 0–9 _, the first no digit`
