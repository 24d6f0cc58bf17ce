import { type AuditEntry, auditedBytesMax, type Principal } from "@roost/contracts"
import { Clock, Context, Effect, Result } from "effect"
import type { HttpServerRequest, HttpServerResponse } from "effect/http"
import { addressOf } from "./Authenticator.ts"

/** Where changes are written down that somebody made by an API; `@roost/access` keeps them. */
export class AuditLog extends Context.Service<
  AuditLog,
  { readonly write: (entry: AuditEntry) => Effect.Effect<void> }
>()("@roost/http/AuditLog") {}

/** A change, as its handler tells of it. */
export interface Noted {
  before?: unknown
  after?: unknown
  /** Though it is a reading. */
  isChange?: boolean
}

/** Of the request that is being answered. */
export const CurrentAudit = Context.Reference<Noted | undefined>("@roost/http/CurrentAudit", {
  defaultValue: () => undefined
})

/** Reads what is about to be changed, for the audit log. A value that can't be read is not told; the change itself says why. */
export const noteBefore = <A, E, R>(read: Effect.Effect<A, E, R>): Effect.Effect<void, never, R> =>
  Effect.flatMap(CurrentAudit, (noted) => {
    if (noted === undefined) return Effect.void
    return Effect.matchEffect(read, {
      onFailure: () => Effect.void,
      onSuccess: (before) => Effect.sync(() => void (noted.before = before))
    })
  })

/** That a reading is of something that has to be written down, such as secrets. */
export const noteReading = (what: unknown): Effect.Effect<void> =>
  Effect.map(CurrentAudit, (noted) => {
    if (noted !== undefined) Object.assign(noted, { isChange: true, after: what })
  })

/** One entry for a request that changed something. */
export const auditEntry = Effect.fnUntraced(function* (
  principal: Principal,
  request: HttpServerRequest.HttpServerRequest,
  what: Pick<AuditEntry, "operation" | "target">,
  { after, before }: Noted
): Effect.fn.Return<AuditEntry> {
  const { id, kind, name } = principal
  return {
    at: yield* Clock.currentTimeMillis,
    who: { kind, id, name },
    from: addressOf(request),
    ...what,
    ...(before !== undefined && { before: withoutSecrets(before) }),
    ...(after !== undefined && { after: withoutSecrets(after) })
  }
})

/** The JSON that is answered; undefined where it is none, or a stream. */
export const answered = ({ body }: HttpServerResponse.HttpServerResponse): unknown => {
  if (body._tag !== "Uint8Array" || !/[/+]json\b/.test(body.contentType)) return undefined
  if (body.body.length > 4 * auditedBytesMax) return tooLarge(body.body.length)
  return Result.getOrUndefined(Result.try(() => JSON.parse(Buffer.from(body.body).toString("utf8")) as unknown))
}

/** Members that have a secret, however deep, are `(secret)`. A value that is too large is its size. */
export const withoutSecrets = (value: unknown): unknown => {
  const text = JSON.stringify(value, (name, member: unknown) =>
    typeof member === "string" && secretMember.test(name) ? "(secret)" : member
  )
  if (text === undefined) return undefined
  return Buffer.byteLength(text) > auditedBytesMax ? tooLarge(Buffer.byteLength(text)) : (JSON.parse(text) as unknown)
}

/** `deviceSecret`, `productSecret`, `secret`, `password`, `passwordHash`, `token`, `code` of a sign-in; `deviceKey` is none. */
const secretMember = /secret$|^password|token$|^code$/i

const tooLarge = (bytes: number) => ({ bytes, detail: `more than the ${auditedBytesMax} bytes that are kept` })
