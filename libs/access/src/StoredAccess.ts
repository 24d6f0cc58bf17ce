import { Account, Grants } from "@roost/contracts"
import { Schema } from "effect"

/** An entry of the bucket ACCESS, at `key.{keyId}`, sealed for `sealPurpose.access`: an API key. */
export const StoredKey = Schema.Struct({
  keyId: Schema.String,
  name: Schema.String,
  grants: Grants,
  requestsPerSecond: Schema.Int,
  createdAt: Schema.Finite,
  createdBy: Schema.String,
  expiresAt: Schema.optionalKey(Schema.Finite),
  /** The newest first, two at most. */
  secrets: Schema.Array(
    Schema.Struct({
      prefix: Schema.String,
      /** SHA-256, hexadecimal. Of 256 random bits nobody guesses one by trying, so that no salt or slow hash is needed. */
      digest: Schema.String,
      createdAt: Schema.Finite,
      until: Schema.optionalKey(Schema.Finite)
    })
  )
})
export type StoredKey = typeof StoredKey.Type

/** At `account.{name}`: a person. */
export const StoredAccount = Schema.Struct({
  ...Account.fields,
  /** Grows with every password: sessions are of one of them. */
  version: Schema.Int,
  /** `scrypt${log2 N}${r}${p}${salt}${hash}`, salt and hash in base64url. */
  passwordHash: Schema.String
})
export type StoredAccount = typeof StoredAccount.Type

/** At `used.{keyId}`: the last use of a key. */
export const StoredUse = Schema.Struct({ at: Schema.Finite, address: Schema.String })
export type StoredUse = typeof StoredUse.Type
