import * as Schema from "effect/Schema"

/** Elements of an ARRAY (enos-protocol §6). */
export const arrayLengthMax = 128
/** UTF-8 bytes of a STRING whose definition names no other bound, and of a FILE's URI (enos-protocol §6). */
export const stringBytesMax = 1024
/** Values of one ENUM, members of one STRUCT. */
export const definitionEntriesMax = 256
/** Characters of one value of an ENUM (enos-protocol §6). */
export const enumValueLengthMax = 32

/** Names a point, attribute, parameter or member. EnOS documents no syntax beyond uniqueness (enos-protocol §6). */
export const Identifier = Schema.String.check(
  Schema.isPattern(/^(?!__proto__$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/u, {
    message: "expected 1–128 of A–Z a–z 0–9 _ . -, the first no dot or dash"
  })
)

/** `identifier` is what specifications and the clients made of them call it. */
const simple = <const T extends string>(dataType: T, identifier: string) =>
  Schema.Struct({ dataType: Schema.Literal(dataType) }).annotate({ identifier })

const Int = simple("INT", "IntType")
const Float = simple("FLOAT", "FloatType")
const Double = simple("DOUBLE", "DoubleType")

/** Of which every key must be good: keys that a Record's own key schema does not match would be dropped in silence. */
export const byName = <K extends Schema.Constraint, V extends Schema.Constraint>(key: K, value: V) =>
  Schema.Record(Schema.String, value).check(Schema.isPropertyNames(key))

const entries = [Schema.isMinProperties(1), Schema.isMaxProperties(definitionEntriesMax)] as const

/** `values` are the keys of EnOS's `enumDesc`, with what each means. */
const Enum = Schema.Union([
  Schema.Struct({
    dataType: Schema.Literal("ENUM"),
    enumType: Schema.Literal("INT"),
    values: byName(Schema.String.check(Schema.isPattern(/^(0|-?[1-9][0-9]{0,9})$/u)), Schema.String).check(...entries)
  }).annotate({ identifier: "IntEnumType" }),
  Schema.Struct({
    dataType: Schema.Literal("ENUM"),
    enumType: Schema.Literal("STRING"),
    values: byName(
      Schema.String.check(Schema.isMinLength(1), Schema.isMaxCodePoints(enumValueLengthMax)),
      Schema.String
    ).check(...entries)
  }).annotate({ identifier: "StringEnumType" })
])

const Text = Schema.Struct({
  dataType: Schema.Literal("STRING"),
  /** UTF-8 bytes. */
  maxLength: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: stringBytesMax })))
}).annotate({ identifier: "StringType" })

const List = Schema.Struct({
  dataType: Schema.Literal("ARRAY"),
  itemType: Schema.Literals(["INT", "FLOAT", "DOUBLE", "STRING"])
}).annotate({ identifier: "ArrayType" })

/** The types inside a STRUCT: anything but another one. */
const Member = Schema.Union([
  Int,
  Float,
  Double,
  simple("BOOL", "BoolType"),
  Enum,
  Text,
  simple("TIMESTAMP", "TimestampType"),
  simple("DATE", "DateType"),
  simple("FILE", "FileType"),
  List
]).annotate({ identifier: "MemberType" })
export type Member = typeof Member.Type

const StructMember = Schema.Struct({ required: Schema.optionalKey(Schema.Boolean), data: Member }).annotate({
  identifier: "StructMember"
})

const Struct = Schema.Struct({
  dataType: Schema.Literal("STRUCT"),
  items: byName(Identifier, StructMember).check(...entries)
}).annotate({ identifier: "StructType" })

/** A data type with what EnOS's `dataDefinition` says of it (enos-protocol §6). */
export const Definition = Schema.Union([Member, Struct]).annotate({ identifier: "DataType" })
export type Definition = typeof Definition.Type

/** The types whose points may carry a quality (enos-protocol §6). */
export const QualityDefinition = Schema.Union([Int, Float, Double])
export type QualityDefinition = typeof QualityDefinition.Type
