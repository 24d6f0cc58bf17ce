import * as Schema from "effect/Schema"
import { textOf } from "../http/Texts.ts"
import { AnyJson } from "../JsonText.ts"

/** Attributes have any JSON value and come from the device or its owner; tags are short texts (enos-protocol §3.1.6–3.1.11). */
export const PropertyKind = Schema.Literals(["attribute", "tag"])
export type PropertyKind = typeof PropertyKind.Type

/** Of one device and kind. EnOS allows 100 tags (enos-protocol §9) and names no number for attributes. */
export const propertiesPerDeviceMax: Readonly<Record<PropertyKind, number>> = { attribute: 500, tag: 100 }

/** UTF-8 bytes of one value in JSON; a device's message has 64 KiB. */
export const propertyValueBytesMax = 16 * 1024

/** UTF-8 bytes of the values of one device and kind: what one question reads at most, some 2 ms. */
export const propertiesBytesMax = 128 * 1024

const Values = Schema.Record(Schema.String, AnyJson)

/** A device's questions about its properties. An empty list of names is all of them for a query, none for a deletion. */
export const PropertiesAsk = Schema.Union([
  Schema.TaggedStruct("Update", { values: Values }),
  Schema.TaggedStruct("Query", { names: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("Delete", { names: Schema.Array(Schema.String) })
])
export type PropertiesAsk = typeof PropertiesAsk.Type

/** `roost.registry.properties`. Asking twice is asking once: an older change than the stored one changes nothing. */
export const PropertiesRequest = Schema.Struct({
  productKey: Schema.String,
  deviceKey: Schema.String,
  kind: PropertyKind,
  /** When the device asked, milliseconds since 1970. */
  at: Schema.Finite,
  ask: PropertiesAsk
})
export type PropertiesRequest = typeof PropertiesRequest.Type

export const PropertiesReply = Schema.Union([
  /** `values`: of a query, by name. */
  Schema.TaggedStruct("Done", { values: Values }),
  /** The update would leave the device with more than `propertiesPerDeviceMax`; nothing of it was done. */
  Schema.TaggedStruct("TooMany", { max: Schema.Int }),
  /** The update has a value above `propertyValueBytesMax`, or would leave more than `propertiesBytesMax`; nothing was done. */
  Schema.TaggedStruct("TooLarge", { bytesMax: Schema.Int }),
  Schema.TaggedStruct("UnknownDevice", {})
])
export type PropertiesReply = typeof PropertiesReply.Type

/** A property in the API. */
export const Property = Schema.Struct({
  value: AnyJson,
  /** Milliseconds since 1970. */
  updatedAt: Schema.Finite
}).annotate({ identifier: "Property" })
export type Property = typeof Property.Type

/** By name. */
export const Properties = Schema.Record(Schema.String, Property)

/** By name; `null` deletes (RFC 7396). */
export const AttributeChange = Schema.Record(Schema.String, AnyJson).check(Schema.isPropertyNames(textOf(1, 128)))
const tagText = textOf(0, 200)
const tagNames = Schema.isPropertyNames(Schema.String.check(Schema.isPattern(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/u)))
export const TagChange = Schema.Record(Schema.String, Schema.NullOr(tagText)).check(tagNames)

/** A change of tags in which some may be what reading them gave. An attribute may be any JSON, so its change needs no other type. */
export const SentBackTags = Schema.Record(
  Schema.String,
  Schema.NullOr(Schema.Union([tagText, Schema.Struct({ value: tagText, updatedAt: Schema.Finite })]))
).check(tagNames)
