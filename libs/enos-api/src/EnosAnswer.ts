import { CommandCode } from "@roost/enos"
import { isRefusalCode, type RefusalCode } from "@roost/explain"
import { Data, Effect, Schema } from "effect"

/** `code` of EnOS's open API (enos-protocol §8). */
export const ApiCode = {
  ok: 0,
  noSuchProduct: 11_611,
  deviceKeyExists: 11_702,
  sameDeviceKey: 11_704,
  noSuchModel: 11_699,
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
  /** Of the catalogue of refusals: cause and cure. */
  readonly refusal: RefusalCode
}> {}

/** `refusal` is named where the code alone leaves it open. */
export const failed = (code: number, msg: string, data?: unknown, refusal = refusalOf(code)): EnosFailure =>
  new EnosFailure({ code, msg, refusal, ...(data !== undefined && { data }) })

/** A problem of the HTTP API, such as `NoSuchDevice`, has its entry under the same name; undefined where it has none. */
export const refusalNamed = (problem: string): RefusalCode | undefined => {
  const code = problem.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase()
  return isRefusalCode(code) ? code : undefined
}

/** Other codes are those of devices' own replies. */
const refusalOf = (code: number): RefusalCode => refusals.get(code) ?? "command-refused-by-device"

const refusals: ReadonlyMap<number, RefusalCode> = new Map<number, RefusalCode>([
  [ApiCode.noSuchProduct, "no-such-product"],
  [ApiCode.noSuchDevice, "no-such-device"],
  [ApiCode.noSuchModel, "no-such-model"],
  [ApiCode.deviceKeyExists, "device-key-exists"],
  [ApiCode.sameDeviceKey, "bad-request"],
  [ApiCode.deviceDisabled, "device-disabled"],
  [ApiCode.stateUnchanged, "bad-request"],
  [ApiCode.cannotEncode, "not-encodable"],
  [ApiCode.deviceNotActivated, "device-not-activated"],
  [ApiCode.deviceOffline, "device-offline"],
  [ApiCode.cacheFull, "too-many-pending"],
  [ApiCode.notSent, "command-not-fetched"],
  [ApiCode.responseTimedOut, "command-unanswered"],
  [ApiCode.invalidArgument, "bad-request"],
  [ApiCode.noPermission, "unauthorized"],
  [ApiCode.notFound, "no-such-endpoint"],
  [ApiCode.internal, "internal-error"]
])

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
