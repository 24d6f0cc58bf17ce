import * as Schema from "effect/Schema"
import { byName, Definition, Identifier, QualityDefinition } from "./Definition.ts"

/** Attributes, points, services and events together: what compiles in milliseconds and fits into a cache of models. */
export const modelElementsMax = 2000

/** The model's own key; EnOS has paths with slashes beside it (`modelIdPath`), which Roost does not know. */
export const ModelId = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9_.-]{1,64}$/u, { message: "expected 1–64 of A–Z a–z 0–9 _ . -" })
).annotate({ examples: ["meter"] })

const text = Schema.optionalKey(Schema.String.check(Schema.isMaxCodePoints(1024)))
const described = { name: text, desc: text }

/** Static data of a device: set by people or reported once. */
export const ThingAttribute = Schema.Struct({
  ...described,
  isRequired: Schema.optionalKey(Schema.Boolean),
  data: Definition
}).annotate({ identifier: "ThingAttribute" })
export type ThingAttribute = typeof ThingAttribute.Type

const point = {
  ...described,
  readOnly: Schema.optionalKey(
    Schema.Boolean.annotate({ description: "Its device measures it, and no command may set it." })
  )
}

/** A measurement of a device. With `hasQuality` the value may come as `{"value":1.0,"quality":9}`; numbers only (enos-protocol §6). */
export const ThingMeasurepoint = Schema.Union([
  Schema.Struct({ ...point, hasQuality: Schema.Literal(true), data: QualityDefinition }).annotate({
    identifier: "ThingMeasurepointWithQuality"
  }),
  Schema.Struct({ ...point, hasQuality: Schema.optionalKey(Schema.Literal(false)), data: Definition }).annotate({
    identifier: "ThingMeasurepointWithoutQuality"
  })
]).annotate({ identifier: "ThingMeasurepoint" })
export type ThingMeasurepoint = typeof ThingMeasurepoint.Type

/** A parameter of a service or an event. An input that is not required, or has a default, may be left out. */
export const ThingParameter = Schema.Struct({
  ...described,
  required: Schema.optionalKey(Schema.Boolean),
  data: Definition
}).annotate({ identifier: "ThingParameter" })
export type ThingParameter = typeof ThingParameter.Type

const parameters = byName(Identifier, ThingParameter)
const topicIdentifier = Schema.String.check(
  Schema.isPattern(/^(?!measurepoint$|.*_reply$)[A-Za-z0-9_-]{1,64}$/u, {
    message: "expected 1–64 of A–Z a–z 0–9 _ -, not measurepoint and not ending in _reply"
  })
)

export const ThingService = Schema.Struct({ ...described, inputData: parameters, outputData: parameters }).annotate({
  identifier: "ThingService"
})
export type ThingService = typeof ThingService.Type

export const ThingEvent = Schema.Struct({
  ...described,
  eventType: Schema.optionalKey(Schema.Literals(["INFO", "WARN", "ERROR"])),
  outputData: parameters
}).annotate({ identifier: "ThingEvent" })
export type ThingEvent = typeof ThingEvent.Type

/** The abilities of the devices of a product (enos-protocol §6). Identifiers are the keys of the records. */
export const ThingModel = Schema.Struct({
  ...described,
  modelId: ModelId,
  /** Points that the model does not know are accepted ("Support Passthrough", enos-protocol §5). */
  passthrough: Schema.optionalKey(Schema.Boolean),
  attributes: byName(Identifier, ThingAttribute),
  measurepoints: byName(Identifier, ThingMeasurepoint),
  services: byName(topicIdentifier, ThingService),
  events: byName(topicIdentifier, ThingEvent)
})
  .check(
    Schema.makeFilter(
      ({ attributes, measurepoints, services, events }) =>
        [attributes, measurepoints, services, events].reduce((sum, map) => sum + Object.keys(map).length, 0) <=
          modelElementsMax || `expected at most ${modelElementsMax} attributes, measurepoints, services and events`
    )
  )
  .annotate({ identifier: "ThingModel" })
export type ThingModel = typeof ThingModel.Type
