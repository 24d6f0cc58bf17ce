import * as Schema from "effect/Schema"
import { PropertiesReply, PropertiesRequest } from "./registry/DeviceProperties.ts"
import { Subjects } from "./Subjects.ts"

/** Why a device is not let in. The air shows none of them (contract §7.21); the operator's event names it. */
export const RefusalReason = Schema.Literals([
  "UnknownProduct",
  "UnknownDevice",
  "DeviceDisabled",
  "DynamicActivationDisabled",
  "AlreadyActivated",
  "ProductSecretRotated",
  "TooManyActivations"
])
export type RefusalReason = typeof RefusalReason.Type

/** How pending commands are offered: `pipelined` by the contract, `serial` after reply or timeout (contract §7.11). */
export const DownlinkMode = Schema.Literals(["pipelined", "serial"])
export type DownlinkMode = typeof DownlinkMode.Type

/** The effect of a device's close_notify on its presence: none, its Lifetime decides; or the device is offline. */
export const CloseNotifyMode = Schema.Literals(["lifetime", "offline"])
export type CloseNotifyMode = typeof CloseNotifyMode.Type

/** How long a response to a CON may go with its ACK. Later it comes in a CON of its own, which many modems can't take (RFC 7252 §5.2). */
export const piggybackMillisDefault = 4_000
export const piggybackMillisMax = 20_000
export const PiggybackMillis = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: piggybackMillisMax }))

export const DataFormat = Schema.Literals(["Json", "Custom"])
export type DataFormat = typeof DataFormat.Type

/** `roost.registry.psk`: secureMode 2 asks for the device's key, 3 for the product's. */
export const PskRequest = Schema.Struct({
  productKey: Schema.String,
  deviceKey: Schema.String,
  secureMode: Schema.Literals([2, 3]),
  /** Also the keys that firmware was seen to use by mistake: a Finished failed, and the operator is to hear why. */
  mistakes: Schema.optionalKey(Schema.Literal(true))
})
export type PskRequest = typeof PskRequest.Type

/**
 * JSON: by `KeyMistake` the key in hexadecimal, sealed for `mistakesContext`; absent from older registries, and where none were
 * asked for.
 */
const sealedMistakes = Schema.optionalKey(Schema.String)

export const PskReply = Schema.Union([
  Schema.TaggedStruct("Found", {
    /** The 16 bytes, sealed for `sealPurpose.psk` and `pskContext`, in base64; see Sealing. */
    sealedPsk: Schema.String,
    sealedMistakes,
    /** Grows with every change of the secret that the key is of: a session made under an older one ends. */
    credentialVersion: Schema.Int,
    /** In mode 3, the product's former secret while it is still good, sealed like the other. */
    previous: Schema.optionalKey(Schema.Struct({ sealedPsk: Schema.String, credentialVersion: Schema.Int })),
    /** In mode 3, of the device's own secret: a session made with that one, or a later one, is not to be displaced. */
    deviceCredentialVersion: Schema.optionalKey(Schema.Int),
    /** The secret has fewer characters than are asked of new ones. */
    secretTooShort: Schema.optionalKey(Schema.Literal(true)),
    assetId: Schema.String,
    dataFormat: DataFormat,
    downlink: DownlinkMode,
    /** Absent from older registries, as is the next one: their defaults. */
    piggybackMillis: Schema.optionalKey(PiggybackMillis),
    closeNotify: Schema.optionalKey(CloseNotifyMode)
  }),
  Schema.TaggedStruct("Refused", {
    reason: RefusalReason,
    /** A key that nobody has, so that refusals take the way and the time of other answers; absent from older registries. */
    sealedPsk: Schema.optionalKey(Schema.String),
    sealedMistakes
  })
])
export type PskReply = typeof PskReply.Type

/** `roost.registry.activate`: a device on a product-secret session fetches its own secret (contract §6.7). */
export const ActivateRequest = Schema.Struct({
  productKey: Schema.String,
  deviceKey: Schema.String,
  /** The same id gets the same secret again: a retransmission must not issue another. */
  requestId: Schema.String,
  /** Of the product secret that the session was made with. */
  credentialVersion: Schema.Int
})
export type ActivateRequest = typeof ActivateRequest.Type

export const ActivateReply = Schema.Union([
  Schema.TaggedStruct("Issued", {
    assetId: Schema.String,
    /** The secret's UTF-8 bytes, sealed for `sealPurpose.secret` and `secretContext`, in base64; see Sealing. */
    sealedSecret: Schema.String
  }),
  Schema.TaggedStruct("Refused", { reason: RefusalReason })
])
export type ActivateReply = typeof ActivateReply.Type

/** Secrets that are sealed on the bus and at rest: each purpose has its own key, each sealed secret opens for its device only. */
export const sealPurpose = {
  psk: "psk",
  secret: "secret",
  session: "session",
  webhook: "webhook",
  sink: "sink",
  idempotency: "idempotency",
  recording: "recording",
  access: "access",
  oidc: "oidc",
  passwordTries: "password tries"
} as const
export const pskContext = ({ productKey, deviceKey, secureMode }: PskRequest): string =>
  `${productKey},${deviceKey},${secureMode}`
export const mistakesContext = (request: PskRequest): string => `${pskContext(request)},mistakes`
export const secretContext = (device: { readonly productKey: string; readonly deviceKey: string }): string =>
  `${device.productKey},${device.deviceKey}`

/** `roost.registry.device`: what downlink-queue needs to know before it takes a command. */
export const DeviceRequest = Schema.Struct({ productKey: Schema.String, deviceKey: Schema.String })
export type DeviceRequest = typeof DeviceRequest.Type

export const DeviceStatus = Schema.Literals(["inactive", "online", "offline", "disabled"])
export type DeviceStatus = typeof DeviceStatus.Type

export const DeviceReply = Schema.Union([
  Schema.TaggedStruct("Found", {
    status: DeviceStatus,
    activated: Schema.Boolean,
    /** When it was registered, milliseconds since 1970: a command from before was for another device. Absent from older registries. */
    createdAt: Schema.optionalKey(Schema.Finite),
    dataFormat: DataFormat,
    /** The product's thing model, which is in the bucket PROFILES; absent where it has none, and from older registries. */
    model: Schema.optionalKey(Schema.Struct({ modelId: Schema.String, version: Schema.Int })),
    /** The script that makes commands of a raw product bytes; absent while none is published. */
    script: Schema.optionalKey(Schema.Struct({ version: Schema.Int, source: Schema.String }))
  }),
  Schema.TaggedStruct("Unknown", {})
])
export type DeviceReply = typeof DeviceReply.Type

/** Stream CREDENTIAL: what a session made before must hear at once. */
export const CredentialChange = Schema.Struct({
  productKey: Schema.String,
  deviceKey: Schema.String,
  change: Schema.Literals(["secret", "disabled", "enabled", "deleted"]),
  credentialVersion: Schema.Int
})
export type CredentialChange = typeof CredentialChange.Type

/** The questions that the registry answers; the queue group shares them among its instances. */
export const RegistryRpcs = {
  psk: { subject: Subjects.registryPsk, request: PskRequest, response: PskReply },
  activate: { subject: Subjects.registryActivate, request: ActivateRequest, response: ActivateReply },
  device: { subject: Subjects.registryDevice, request: DeviceRequest, response: DeviceReply },
  properties: { subject: Subjects.registryProperties, request: PropertiesRequest, response: PropertiesReply }
} as const
export const registryQueue = "registry"
