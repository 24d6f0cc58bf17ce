import { type ExactNumber, exactValueOf, isJsonNumber } from "../json/ExactNumber.ts"
import type { ThingMeasurepoint, ThingModel, ThingParameter } from "./ThingModel.ts"
import { compileDefinition, describeValue, isRecord, shown, struct, type ValueCheck } from "./ValueCheck.ts"
import type { Refusal, UnknownName } from "../Refusal.ts"
import { EnosCode } from "../EnosCode.ts"

/** Every check returns undefined for what the model allows, else the first thing that it does not. */
export interface CompiledThingModel {
  readonly modelId: string
  /** `params.measurepoints` of a post or resume; any subset of the model's points. */
  readonly checkMeasurepoints: (points: unknown) => Refusal | undefined
  /** One point of them. */
  readonly checkMeasurepoint: (id: string, value: unknown) => Refusal | undefined
  /** `params` of a command that sets points: plain values, as a quality is the device's to tell, and none that is read-only. */
  readonly checkMeasurepointSet: (points: unknown) => Refusal | undefined
  /** `params` of a command that asks for points. */
  readonly checkMeasurepointGet: (ids: ReadonlyArray<string>) => Refusal | undefined
  /** `params.events` of an event post. */
  readonly checkEvent: (eventId: string, output: unknown) => Refusal | undefined
  /** `params.attributes` of an update; any subset. */
  readonly checkAttributes: (attributes: unknown) => Refusal | undefined
  /** Required attributes stay. */
  readonly checkAttributeDelete: (ids: ReadonlyArray<string>) => Refusal | undefined
  readonly checkServiceInput: (serviceId: string, input: unknown) => Refusal | undefined
  readonly checkServiceOutput: (serviceId: string, output: unknown) => Refusal | undefined
}

/** Of each element one closure, found by one look into a map: five points cost 100–300 ns (benchmark/Model.ts). */
export const compileThingModel = (model: ThingModel): CompiledThingModel => {
  const points = mapOf(model.measurepoints, compileMeasurepoint)
  const settable = mapOf(model.measurepoints, ({ data, readOnly }) =>
    readOnly === true ? refuseReadOnly : compileDefinition(data)
  )
  const attributes = mapOf(model.attributes, ({ data }) => compileDefinition(data))
  const inputs = mapOf(model.services, ({ inputData }) => compileParameters(inputData))
  const outputs = mapOf(model.services, ({ outputData }) => compileParameters(outputData))
  const events = mapOf(model.events, ({ outputData }) => compileParameters(outputData))
  const strict = model.passthrough !== true

  return {
    modelId: model.modelId,
    checkMeasurepoints: (values) => checkAll("measurepoints", points, values, strict),
    checkMeasurepoint: (id, value) => checkOne("measurepoints", points, id, value, strict),
    checkMeasurepointSet: (values) => checkAll("measurepoints", settable, values, strict),
    checkMeasurepointGet: (ids) => {
      const unknown = strict ? ids.find((id) => !points.has(id)) : undefined
      return unknown === undefined ? undefined : unknownElement("measurepoints", unknown, points)
    },
    checkEvent: (eventId, output) => checkOne("events", events, eventId, output, true),
    checkAttributes: (values) => checkAll("attributes", attributes, values, true),
    checkAttributeDelete: (ids) => {
      for (const id of ids) {
        if (!attributes.has(id)) return unknownElement("attributes", id, attributes)
        if (model.attributes[id]!.isRequired === true) {
          return refusal(`attributes.${id}`, "an attribute that may be missing", "a required one")
        }
      }
      return undefined
    },
    checkServiceInput: (serviceId, input) => checkOne("services", inputs, serviceId, input, true),
    checkServiceOutput: (serviceId, output) => checkOne("services", outputs, serviceId, output, true)
  }
}

type Checks = ReadonlyMap<string, ValueCheck>

const mapOf = <A>(elements: Readonly<Record<string, A>>, compile: (element: A) => ValueCheck): Checks =>
  new Map(Object.entries(elements).map(([id, element]) => [id, compile(element)]))

const compileParameters = (parameters: Readonly<Record<string, ThingParameter>>): ValueCheck =>
  struct(
    Object.entries(parameters).map(([id, { data, required }]) => [
      id,
      { check: compileDefinition(data), required: required === true }
    ])
  )

/** A plain value is also taken where a quality could be: it has none then (enos-protocol §6). */
const compileMeasurepoint = (point: ThingMeasurepoint): ValueCheck => {
  const check = compileDefinition(point.data)
  if (point.hasQuality !== true) return check
  const qualified = struct([
    ["value", { check, required: true }],
    ["quality", { check: checkQuality, required: false }]
  ])
  return (value) => (isRecord(value) || value === null ? qualified(value) : check(value))
}

/** 0–9, however it is written. */
export const isQuality = (value: unknown): value is number | ExactNumber =>
  isJsonNumber(value) && qualities.has(exactValueOf(value))

const checkQuality: ValueCheck = (value) =>
  isQuality(value) ? undefined : { path: "", expected: "an integer from 0 to 9", got: describeValue(value) }

const refuseReadOnly: ValueCheck = () => ({ path: "", expected: "a point that may be set", got: "a read-only one" })

const checkAll = (kind: string, checks: Checks, values: unknown, strict: boolean): Refusal | undefined => {
  if (!isRecord(values)) return refusal(kind, "an object", describeValue(values))
  for (const id in values) {
    const refused = checkOne(kind, checks, id, values[id], strict)
    if (refused !== undefined) return refused
  }
  return undefined
}

const checkOne = (kind: string, checks: Checks, id: string, value: unknown, strict: boolean): Refusal | undefined => {
  const check = checks.get(id)
  if (check === undefined) return strict ? unknownElement(kind, id, checks) : undefined
  const mismatch = check(value)
  if (mismatch === undefined) return undefined
  const { expected, got, path, unknown } = mismatch
  return refusal(`${kind}.${id}${path}`, expected, got, unknown)
}

const unknownElement = (kind: string, id: string, checks: Checks): Refusal =>
  refusal(`${kind}.${shown(id)}`, `one of the model's ${kind}`, "an identifier that it does not have", {
    name: id,
    known: checks
  })

const refusal = (field: string, expected: string, got: string, unknown?: UnknownName): Refusal => ({
  code: EnosCode.modelValidationFailed,
  field,
  expected,
  got,
  ...(unknown !== undefined && { unknown })
})

const qualities: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
