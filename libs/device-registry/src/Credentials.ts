import type {
  ActivateReply,
  ActivateRequest,
  DeviceReply,
  DeviceRequest,
  PskReply,
  PskRequest,
  RefusalReason
} from "@roost/contracts"
import { alphanumeric, randomBytesPerCharacter } from "@roost/enos"
import { Clock, Context, Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import { secretLength } from "./Limits.ts"
import {
  type DeviceId,
  RegistryStore,
  type SealedSecret,
  type StoredDevice,
  type StoredProduct
} from "./RegistryStore.ts"
import { SecretLengthMin } from "./SecretLength.ts"
import { SecretVault } from "./SecretVault.ts"

/** The devices that may come in and their keys, for the other services (docs/architecture.md §4). */
export class Credentials extends Context.Service<
  Credentials,
  {
    readonly psk: (request: PskRequest) => Effect.Effect<PskReply>
    readonly activate: (request: ActivateRequest) => Effect.Effect<ActivateReply>
    readonly describe: (request: DeviceRequest) => Effect.Effect<DeviceReply>
  }
>()("@roost/device-registry/Credentials") {
  static readonly layer: Layer.Layer<Credentials, never, RegistryStore | SecretVault> = Layer.effect(
    Credentials,
    Effect.gen(function* () {
      const store = yield* RegistryStore
      const vault = yield* SecretVault
      const lengthMin = yield* SecretLengthMin
      const tooShort = (secret: string) => (secret.length < lengthMin ? { secretTooShort: true as const } : {})

      // Both are looked up whatever the first is: how long an answer takes says nothing of what there is.
      const admit = Effect.fnUntraced(function* (id: DeviceId, secureMode: 2 | 3) {
        const product = yield* store.product(id.productKey)
        const device = yield* store.device(id)
        if (product === undefined) return refused("UnknownProduct")
        if (device === undefined) return refused("UnknownDevice")
        const reason = secureMode === 2 ? refusalOfDevice(device) : refusalOfActivation(product, device)
        return reason === undefined ? ({ _tag: "Admitted", product, device } as const) : refused(reason)
      })
      const nobody = { productKey: "", deviceKey: "" }
      /** For refusals: opened and sealed like any device's. */
      const secretOfNobody = vault.sealDevice(nobody, randomBytes(secretLength).toString("base64url"))

      return Credentials.of({
        psk: Effect.fn("Credentials.psk")(function* (request) {
          const admitted = yield* admit(request, request.secureMode)
          const mistakes = (secret: string, otherSecret: string, formerSecret?: string) =>
            request.mistakes === true && {
              sealedMistakes: vault.mistakesForBus(request, secret, otherSecret, formerSecret)
            }
          if (admitted._tag === "Refused") {
            const secret = vault.openDevice(nobody, secretOfNobody)
            return { ...admitted, sealedPsk: vault.pskForBus(request, secret), ...mistakes(secret, secret) }
          }
          const { product, device } = admitted
          const secrets = () =>
            [vault.openDevice(request, device.secret), vault.openProduct(request.productKey, product.secret)] as const
          const { assetId } = device
          const { closeNotify, productKey, dataFormat, downlink, piggybackMillis } = product
          if (request.secureMode === 2) {
            const secret = vault.openDevice(request, device.secret)
            return {
              _tag: "Found",
              sealedPsk: vault.pskForBus(request, secret),
              ...(request.mistakes === true && mistakes(...secrets())),
              credentialVersion: device.credentialVersion,
              ...tooShort(secret),
              assetId,
              dataFormat,
              downlink,
              ...(piggybackMillis !== undefined && { piggybackMillis }),
              ...(closeNotify !== undefined && { closeNotify })
            }
          }
          const sealed = (secret: SealedSecret) => vault.pskForBus(request, vault.openProduct(productKey, secret))
          const previous = previousOf(product, yield* Clock.currentTimeMillis)
          const ended = previous === undefined && product.previous !== null ? product.previous : undefined
          const former = () => ended && vault.openProduct(productKey, ended.secret)
          return {
            _tag: "Found",
            sealedPsk: sealed(product.secret),
            ...(request.mistakes === true && mistakes(secrets()[1], secrets()[0], former())),
            credentialVersion: product.secretVersion,
            deviceCredentialVersion: device.credentialVersion,
            ...tooShort(vault.openProduct(productKey, product.secret)),
            ...(previous && {
              previous: { sealedPsk: sealed(previous.secret), credentialVersion: previous.version }
            }),
            assetId,
            dataFormat,
            downlink,
            ...(piggybackMillis !== undefined && { piggybackMillis }),
            ...(closeNotify !== undefined && { closeNotify })
          }
        }),

        /** Each new request issues a new secret, a repeated one the same (contract §7.16). */
        activate: Effect.fn("Credentials.activate")(function* (request) {
          const { productKey, deviceKey, requestId } = request
          const id = { productKey, deviceKey }
          const admitted = yield* admit(id, 3)
          if (admitted._tag === "Refused") return admitted
          const now = yield* Clock.currentTimeMillis
          const { product } = admitted
          const versions = [product.secretVersion, previousOf(product, now)?.version]
          if (!versions.includes(request.credentialVersion)) return refused("ProductSecretRotated")
          const issued = alphanumeric(randomBytes(secretLength * randomBytesPerCharacter), secretLength)
          // The store decides, so that copies of one request at two instances get the same answer.
          const outcome = yield* store.issueSecret(id, vault.sealDevice(id, issued), requestId, now)
          if (outcome._tag === "Limited") return refused("TooManyActivations")
          // It was there and inactive a moment ago.
          if (outcome._tag === "Closed") return refused("AlreadyActivated")
          const { device } = outcome
          const secret = vault.openDevice(id, device.secret)
          return { _tag: "Issued", assetId: device.assetId, sealedSecret: vault.secretForBus(id, secret) }
        }),

        describe: Effect.fn("Credentials.describe")(function* (id) {
          const product = yield* store.product(id.productKey)
          const device = yield* store.device(id)
          if (product === undefined || device === undefined) return { _tag: "Unknown" }
          const { activatedAt, createdAt, status } = device
          const { dataFormat, modelId, modelVersion } = product
          const script = dataFormat === "Custom" ? (yield* store.script(id.productKey))?.published : undefined
          const model =
            modelVersion === null || modelId === undefined ? {} : { model: { modelId, version: modelVersion } }
          const activated = activatedAt !== null
          const found = { _tag: "Found", status, activated, createdAt, dataFormat, ...model } as const
          return script === undefined ? found : { ...found, script }
        })
      })
    })
  )
}

/** The product's former secret while it is still good. */
const previousOf = ({ previous }: StoredProduct, now: number) =>
  previous !== null && now < previous.until ? previous : undefined

const refused = (reason: RefusalReason) => ({ _tag: "Refused", reason }) as const

const refusalOfDevice = (device: StoredDevice): RefusalReason | undefined =>
  device.status === "disabled" ? "DeviceDisabled" : undefined

const refusalOfActivation = (product: StoredProduct, device: StoredDevice): RefusalReason | undefined => {
  if (!product.dynamicActivateEnabled) return "DynamicActivationDisabled"
  if (device.activatedAt !== null) return "AlreadyActivated"
  return refusalOfDevice(device)
}
