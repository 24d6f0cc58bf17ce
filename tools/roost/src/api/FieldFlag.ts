import { grantsOfText } from "@roost/contracts"
import { Option } from "effect"
import { Argument, Flag } from "effect/cli"
import { durationSeconds, momentAhead, momentOf } from "./Times.ts"
import type { Field, JsonSchema, Operation } from "./Operation.ts"
import { flagNames, flagNamesOf } from "./FlagNames.ts"
import { jsonOrText } from "./Texts.ts"

/** How a field is given: the name of its flag, and what its text becomes in the request. */
export interface FieldFlag {
  readonly field: Field
  /** Without the dashes. */
  readonly name: string
  readonly flag: Flag.Flag<Option.Option<unknown>>
}

/** `productName` is `product-name`, unless it has a shorter name. */
export const flagNameOf = (operation: Pick<Operation, "id">, field: Pick<Field, "name">): string =>
  flagNamesOf[operation.id]?.[field.name] ?? flagNames[field.name] ?? kebab(field.name)

export const kebab = (name: string): string => name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase()

/** A flag, and `--no-…` where `null` means none. */
export const flagsOf = (operation: Operation, field: Field): ReadonlyArray<FieldFlag> => {
  const name = flagNameOf(operation, field)
  const { nullable, schema } = withoutNull(field.schema)
  const flag: FieldFlag = { field, name, flag: optionalFlag(name, field, schema) }
  if (!nullable) return [flag]
  const none = Flag.Boolean(`no-${name}`).pipe(
    Flag.withoutNegation,
    Flag.withDescription(`none any more, in place of --${name}`),
    Flag.optional,
    Flag.map((given) => (Option.getOrElse(given, () => false) ? Option.some(null) : Option.none()))
  )
  return [flag, { field, name: `no-${name}`, flag: none as FieldFlag["flag"] }]
}

const optionalFlag = (name: string, field: Field, schema: JsonSchema): FieldFlag["flag"] => {
  const flag = typedFlag(name, field, schema)
  return flag.pipe(Flag.withDescription(descriptionOf(field)), Flag.optional)
}

const typedFlag = (name: string, field: Field, schema: JsonSchema): Flag.Flag<unknown> => {
  if (isMoment(field)) return Flag.String(name).pipe(Flag.withMetavar("TIME"), Flag.mapTryCatch(momentOf, messageOf))
  if (isDuration(field)) {
    return Flag.String(name).pipe(Flag.withMetavar("DURATION"), Flag.mapTryCatch(durationSeconds, messageOf))
  }
  if (field.name === "grants") {
    return Flag.String(name).pipe(Flag.withMetavar("ROLE[:PRODUCT,…]"), Flag.mapTryCatch(grantsOfText, messageOf))
  }
  if (field.name === "expiresAt") {
    return Flag.String(name).pipe(Flag.withMetavar("TIME"), Flag.mapTryCatch(momentAhead, messageOf))
  }
  const choices = choicesOf(schema)
  if (choices !== undefined) return Flag.Literals(name, choices)
  switch (schema.type) {
    case "boolean":
      return Flag.Boolean(name)
    case "integer":
      return Flag.Int(name)
    case "array":
      return Flag.String(name).pipe(
        Flag.withMetavar("A,B"),
        Flag.map((text) => text.split(",").filter((part) => part !== ""))
      )
    case "string":
      return Flag.String(name).pipe(Flag.withMetavar("TEXT"))
    default:
      return Flag.String(name).pipe(Flag.withMetavar("JSON"), Flag.map(jsonOrText))
  }
}

/** A field that stands without a flag. */
export const argumentOf = (operation: Operation, field: Field): Argument.Argument<Option.Option<unknown>> => {
  const { schema } = withoutNull(field.schema)
  const choices = choicesOf(schema)
  const name = flagNameOf(operation, field)
  const argument: Argument.Argument<unknown> =
    choices === undefined ? Argument.String(name) : Argument.Literals(name, choices)
  return argument.pipe(
    Argument.withDescription(descriptionOf(field)),
    field.required
      ? (required) => Argument.map(required, Option.some)
      : (optional: Argument.Argument<unknown>) => Argument.optional(optional)
  )
}

const descriptionOf = ({ description, name, place, required, schema }: Field): string => {
  const text = description.replace(/\.$/, "")
  const times = isMoment({ name, place, schema }) ? "; also 2026-11-30T08:00Z, or 24h for 24 hours ago" : ""
  const forms =
    name === "grants"
      ? "Roles with spaces between, each of products with commas: viewer, or developer:meters,water, or 'firmware:* viewer'"
      : name === "expiresAt"
        ? "It is good until then, such as 2027-01-31, or for so long, such as 90d"
        : undefined
  if (forms !== undefined) return `${forms}${required ? " (required)" : ""}`
  const durations = isDuration({ name, place, schema }) ? "; also 10m, 1h, 2d" : ""
  return `${text || name}${times}${durations}${required && place === "body" ? " (required)" : ""}`
}

const isMoment = ({ name, place }: Pick<Field, "name" | "place" | "schema">): boolean =>
  place !== "path" && (name === "from" || name === "to")

const isDuration = ({ name, schema }: Pick<Field, "name" | "place" | "schema">): boolean =>
  schema.type === "integer" && (name === "pendingTtl" || name === "timeout" || name === "graceSeconds")

const choicesOf = (schema: JsonSchema): ReadonlyArray<string> | undefined =>
  schema.enum?.every((value) => typeof value === "string") === true ? schema.enum : undefined

const withoutNull = (schema: JsonSchema): { readonly nullable: boolean; readonly schema: JsonSchema } => {
  const others = schema.anyOf?.filter(({ type }) => type !== "null")
  return others === undefined || others.length === schema.anyOf!.length || others.length !== 1
    ? { nullable: false, schema }
    : { nullable: true, schema: others[0]! }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
