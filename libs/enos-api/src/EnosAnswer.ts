import { CommandCode } from "@roost/enos"
import { Data, Effect, Schema } from "effect"

/** `code` of EnOS's open API (enos-protocol §8). */
export const ApiCode = {
  ok: 0,
  noSuchProduct: 11_611,
  deviceKeyExists: 11_702,
  sameDeviceKey: 11_704,
  noSuchModel: 11_699,
  deviceDisabled: 11_723,
  /** Enabled or disabled a second time. */
  stateUnchanged: 11_794,
  ...CommandCode,
  invalidArgument: 99_400,
  noPermission: 99_403,
  notFound: 99_404,
  internal: 99_500
} as const

/** Why a call did not do what it asks for: EnOS's code, and a sentence for a person. */
export class EnosFailure extends Data.TaggedError("EnosFailure")<{
  readonly code: number
  readonly msg: string
  /** Such as the id of a command that was made and failed. */
  readonly data?: unknown
}> {}

export const failed = (code: number, msg: string, data?: unknown): EnosFailure =>
  new EnosFailure(data === undefined ? { code, msg } : { code, msg, data })

/** A page, counted from 1. */
export interface Pagination {
  readonly pageNo: number
  readonly pageSize: number
  readonly totalSize: number
}

/** The result of a call. */
export interface EnosResult {
  readonly data: unknown
  readonly pagination?: Pagination
}

/** One request: what its URL and its body say. */
export interface Call {
  readonly query: Readonly<Record<string, string>>
  /** With JavaScript's numbers, for members that a schema types. */
  readonly body: unknown
  /** The same with its numbers as they were written, for values of any type. */
  readonly written: unknown
}

export type Action<R> = (call: Call) => Effect.Effect<EnosResult, EnosFailure, R>

/** Decodes what a caller sent; what it can't take is the caller's fault, by name. */
export const decode = <A>(schema: Schema.ConstraintDecoder<A, never>, input: unknown): Effect.Effect<A, EnosFailure> =>
  Effect.mapError(Schema.decodeUnknownEffect(schema)(input), (error) => failed(ApiCode.invalidArgument, error.message))

/** Items of one page (enos-protocol §8). */
export const pageSizeMax = 200
const pageSizeDefault = 50

const PageRequest = Schema.Struct({
  pagination: Schema.optionalKey(
    Schema.Struct({
      pageNo: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
      pageSize: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: pageSizeMax })))
    })
  )
})

/** The page of `items` that the body asks for. */
export const pageOf = <A>(body: unknown, items: ReadonlyArray<A>, show: (item: A) => unknown) =>
  Effect.map(decode(PageRequest, body), ({ pagination }): EnosResult => {
    const { pageNo = 1, pageSize = pageSizeDefault } = pagination ?? {}
    const data = items.slice((pageNo - 1) * pageSize, pageNo * pageSize).map(show)
    return { data, pagination: { pageNo, pageSize, totalSize: items.length } }
  })

/** Names come in several languages; Roost keeps the default. */
export const EnosName = Schema.Union([
  Schema.String,
  Schema.Struct({ defaultValue: Schema.String, i18nValue: Schema.optionalKey(Schema.Unknown) })
])
export const textOfName = (name: typeof EnosName.Type): string => (typeof name === "string" ? name : name.defaultValue)
export const nameOf = (text: string) => ({ defaultValue: text, i18nValue: {} })
