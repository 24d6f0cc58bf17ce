import { SecretTooShort, Setting } from "@roost/contracts"
import { type Config, Context, Effect, Layer } from "effect"

/**
 * Characters that a secret has at least. The key is 16 bytes of its digest, and one handshake that was listened to is enough to
 * try guesses elsewhere. A short secret is no secret.
 */
export const SecretLengthMin = Context.Reference<number>("@roost/device-registry/SecretLengthMin", {
  defaultValue: () => 16
})

/** Fleets whose devices have shorter ones already set it. */
export const SecretLengthSetting = Setting.withDefault(
  "ROOST_SECRET_LENGTH_MIN",
  "characters of a secret that somebody gives, at least",
  Setting.wholeNumber(1, 64),
  16
)

export const layerSecretLengthMin: Layer.Layer<never, Config.ConfigError> = Layer.effect(
  SecretLengthMin,
  SecretLengthSetting
)

/** The fault of a secret that somebody gives; undefined if it has none. */
export const secretFault = (secret: string | undefined, lengthMin: number): string | undefined =>
  secret === undefined || secret.length >= lengthMin
    ? undefined
    : `The secret has ${secret.length} characters: expected at least ${lengthMin}. Leave it out to have one made, or set ` +
      "ROOST_SECRET_LENGTH_MIN where devices have shorter ones already."

export const requireLength = (secret: string | undefined, lengthMin: number): Effect.Effect<void, SecretTooShort> => {
  const detail = secretFault(secret, lengthMin)
  return detail === undefined ? Effect.void : Effect.fail(new SecretTooShort({ detail }))
}
