import * as Schema from "effect/Schema"
import { accessNameLengthMax } from "./ApiKey.ts"
import { Grants, type Principal } from "./Principal.ts"
import { textOf } from "../http/Texts.ts"

/** Accounts of one Roost. */
export const accountsMax = 500
/** Characters of a password (NIST SP 800-63B §5.1.1.2 asks for 8 at least, and for 64 to be taken). */
export const passwordLengthMin = 12
export const passwordLengthMax = 256
/** Wrong passwords in a row after which an account, or an address, is locked out, and for how long. */
export const wrongPasswordsMax = 5
export const wrongPasswordsOfAddressMax = 20
export const lockOutMillis = 300_000

/** The name that a person signs in by. */
export const AccountName = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/u, {
    message: "expected 1–64 of A–Z a–z 0–9 . _ @ -, the first a letter or digit"
  })
).annotate({ examples: ["ada"] })

/** By code points, as NIST and OpenAPI count, not by JavaScript's UTF-16 units. */
export const Password = Schema.String.check(
  Schema.isPattern(new RegExp(`^[\\s\\S]{${passwordLengthMin},${passwordLengthMax}}$`, "u"), {
    message: `expected ${passwordLengthMin} to ${passwordLengthMax} characters`
  })
)

const Millis = (description: string) =>
  Schema.Finite.annotate({ description: `${description}; milliseconds since 1970.` })

/** A person of Roost's own, without their password. */
export const Account = Schema.Struct({
  name: AccountName,
  displayName: Schema.optionalKey(textOf(1, accessNameLengthMax)),
  grants: Grants,
  enabled: Schema.Boolean.annotate({ description: "Whether the person may sign in." }),
  createdAt: Millis("When the account was made"),
  passwordSetAt: Millis("When its password was set last")
}).annotate({ identifier: "Account" })
export type Account = typeof Account.Type

export const NewAccount = Schema.Struct({
  name: AccountName,
  displayName: Account.fields.displayName,
  grants: Grants,
  password: Schema.optionalKey(Password.annotate({ description: "Made up if absent: 20 letters and digits." }))
}).annotate({ identifier: "NewAccount" })
export type NewAccount = typeof NewAccount.Type

export const AccountWithPassword = Schema.Struct({
  ...Account.fields,
  password: Schema.optionalKey(
    Schema.String.annotate({ description: "Where it was made up. It is not told again; its owner changes it." })
  )
}).annotate({ identifier: "AccountWithPassword" })
export type AccountWithPassword = typeof AccountWithPassword.Type

export const AccountChange = Schema.Struct({
  displayName: Account.fields.displayName,
  grants: Schema.optionalKey(Grants),
  enabled: Schema.optionalKey(Account.fields.enabled)
}).annotate({ identifier: "AccountChange" })
export type AccountChange = typeof AccountChange.Type

export const NewPassword = Schema.Struct({
  password: Schema.optionalKey(Password.annotate({ description: "Made up if absent: 20 letters and digits." }))
}).annotate({ identifier: "NewPassword" })

export const PasswordChange = Schema.Struct({ current: Schema.String, password: Password }).annotate({
  identifier: "PasswordChange"
})

/** The outcome of a name and a password that somebody gave. `lockedNow`: this try was the last one. */
export type PasswordOutcome =
  | { readonly _tag: "Right"; readonly principal: Principal; readonly version: number }
  | { readonly _tag: "Wrong"; readonly lockedNow: boolean }
  | { readonly _tag: "LockedOut"; readonly retryAfterSeconds: number }
