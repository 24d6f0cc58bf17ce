import { type Allowance, allowance, take } from "@roost/bounded"
import type { PropertiesAsk, PropertiesReply, PropertyKind } from "@roost/contracts"
import { encodeReply, type EnvelopeId, EnosCode } from "@roost/enos"
import type { RefusalCode } from "@roost/explain"

/** A device's question about its attributes or tags, and how it is answered (enos-protocol §3.1.6–3.1.11). */
export interface AskedProperties {
  readonly kind: PropertyKind
  readonly ask: PropertiesAsk
  /** Of the envelope, echoed. */
  readonly id: EnvelopeId | undefined
}

/** Questions about properties that one device may ask a second, on the average and at once: each takes the registry some 2 ms. */
export const questionsPerSecondMax = 2
export const questionsBurstMax = 20

/** False: answered 4.29 (RFC 8516). */
export const mayAsk = (device: { questions: Allowance | undefined }, now: number): boolean => {
  device.questions ??= allowance(now, questionsBurstMax)
  return take(device.questions, now, questionsPerSecondMax, questionsBurstMax)
}

/** Undefined for any other method. `params` are well-formed (`checkUplinkParams`). */
export const propertiesAskOf = (
  method: string,
  params: unknown,
  id: EnvelopeId | undefined
): AskedProperties | undefined => {
  const given = params as Params
  switch (method) {
    case "thing.attribute.update":
      return { kind: "attribute", id, ask: { _tag: "Update", values: given.attributes as Record<string, unknown> } }
    case "thing.attribute.query":
      return { kind: "attribute", id, ask: { _tag: "Query", names: given.attributes as ReadonlyArray<string> } }
    case "thing.attribute.delete":
      return { kind: "attribute", id, ask: { _tag: "Delete", names: given.attributes as ReadonlyArray<string> } }
    case "thing.tag.update":
      return { kind: "tag", id, ask: { _tag: "Update", values: valuesOf(params as ReadonlyArray<Tag>) } }
    case "thing.tag.query":
      return { kind: "tag", id, ask: { _tag: "Query", names: given.tags } }
    case "thing.tag.delete":
      return { kind: "tag", id, ask: { _tag: "Delete", names: given.tags } }
    default:
      return undefined
  }
}

interface RefusedProperties {
  readonly code: RefusalCode
  readonly reason: string
}

/** The device's answer and, if it was refused, why; undefined for a device that the registry does not know any more. */
export const answerOfRegistry = (
  { ask, id, kind }: AskedProperties,
  reply: PropertiesReply
): { readonly payload: Uint8Array; readonly refused?: RefusedProperties } | undefined => {
  switch (reply._tag) {
    case "Done":
      return { payload: encodeReply(id, EnosCode.success, ask._tag === "Query" ? reply.values : {}) }
    case "TooMany": {
      const code = kind === "attribute" ? EnosCode.attributeUpdateFormat : EnosCode.parseError
      const refused = `a device has at most ${reply.max} ${kind}s`
      const told = { code: "too-many-properties-of-device", reason: `${code}: ${refused}` } as const
      return { payload: encodeReply(id, code, {}, refused), refused: told }
    }
    case "TooLarge": {
      const code = kind === "attribute" ? EnosCode.attributeUpdateFormat : EnosCode.parseError
      const refused = `${kind}s: expected at most ${reply.bytesMax} bytes of JSON`
      const told = { code: "properties-too-large", reason: `${code}: ${refused}` } as const
      return { payload: encodeReply(id, code, {}, refused), refused: told }
    }
    case "UnknownDevice":
      return undefined
  }
}

interface Params {
  readonly attributes: Readonly<Record<string, unknown>> | ReadonlyArray<string>
  readonly tags: ReadonlyArray<string>
}

interface Tag {
  readonly tagKey: string
  readonly tagValue: string
}

const valuesOf = (tags: ReadonlyArray<Tag>) =>
  Object.fromEntries(tags.map(({ tagKey, tagValue }) => [tagKey, tagValue]))
