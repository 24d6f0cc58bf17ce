import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { textOf } from "../http/Texts.ts"
import { Grants } from "./Principal.ts"

/** API keys of one Roost. */
export const apiKeysMax = 500
/** Characters of what a key or an account is called. */
export const accessNameLengthMax = 100
/** Requests a second that a key may make, at all instances together, unless it says otherwise, and at most. */
export const keyRequestsPerSecondDefault = 50
export const keyRequestsPerSecondMax = 2_000
/** How long the former secret of a key is good beside the new one: 30 days at most, a day if it is not said. Seconds. */
export const keyGraceSecondsMax = 30 * 86_400
export const keyGraceSecondsDefault = 86_400
/** The last use of a key is written down so often at most. Milliseconds. */
export const keyUseWriteMillis = 60_000

const Millis = (description: string) =>
  Schema.Finite.annotate({ description: `${description}; milliseconds since 1970.` })

/** One of at most two secrets that a key has at once. It is stored as its SHA-256, and told once. */
export const ApiKeySecret = Schema.Struct({
  prefix: Schema.String.annotate({ description: "The first characters of the secret, to know it by." }),
  createdAt: Millis("When it was made"),
  until: Schema.optionalKey(Millis("It is the former secret, and good until then"))
}).annotate({ identifier: "ApiKeySecret" })

export const ApiKey = Schema.Struct({
  keyId: Schema.String,
  name: Schema.String,
  grants: Grants,
  requestsPerSecond: Schema.Int.annotate({
    description:
      "At all instances together; twice as many at once. An instance hears a second later of what others answered."
  }),
  createdAt: Millis("When the key was made"),
  createdBy: Schema.String.annotate({ description: "The name of who made it." }),
  expiresAt: Schema.optionalKey(Millis("It is good until then; for good if absent")),
  secrets: Schema.Array(ApiKeySecret).annotate({ description: "The newest first; two while it is rotated." }),
  lastUsedAt: Schema.optionalKey(Millis("Its last use, a minute behind at most")),
  lastUsedFrom: Schema.optionalKey(Schema.String.annotate({ description: "The IP address of its last use." }))
}).annotate({ identifier: "ApiKey" })
export type ApiKey = typeof ApiKey.Type

export const ApiKeyWithSecret = Schema.Struct({
  ...ApiKey.fields,
  secret: Schema.String.annotate({ description: "What goes behind `Authorization: Bearer`. It is not told again." })
}).annotate({ identifier: "ApiKeyWithSecret" })
export type ApiKeyWithSecret = typeof ApiKeyWithSecret.Type

export const NewApiKey = Schema.Struct({
  name: textOf(1, accessNameLengthMax).annotate({ description: "What it is for.", examples: ["billing"] }),
  grants: Grants,
  expiresAt: Schema.optionalKey(Millis("It is good until then; for good if absent")),
  requestsPerSecond: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: keyRequestsPerSecondMax })).annotate({
      description: `${keyRequestsPerSecondDefault} if absent.`
    })
  )
}).annotate({ identifier: "NewApiKey" })
export type NewApiKey = typeof NewApiKey.Type

export const ApiKeyRotation = Schema.Struct({
  graceSeconds: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: keyGraceSecondsMax }))
    .annotate({
      description: `How long the former secret is good, too; ${keyGraceSecondsDefault} if absent. 0 if it leaked.`
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(keyGraceSecondsDefault)))
}).annotate({ identifier: "ApiKeyRotation" })
