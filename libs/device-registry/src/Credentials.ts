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
import { type DeviceId, RegistryStore, type StoredDevice, type StoredProduct } from "./RegistryStore.ts"
import { SecretVault } from "./SecretVault.ts"

/** Who may come in and with which key, for the other services (docs/architecture.md §4). */
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

      const admit = Effect.fnUntraced(function* (id: DeviceId, secureMode: 2 | 3) {
        const product = yield* store.product(id.productKey)
        if (product === undefined) return refused("UnknownProduct")
        const device = yield* store.device(id)
        if (device === undefined) return refused("UnknownDevice")
        const reason = secureMode === 2 ? refusalOfDevice(device) : refusalOfActivation(product, device)
        return reason === undefined ? ({ _tag: "Admitted", product, device } as const) : refused(reason)
      })

      return Credentials.of({
        psk: Effect.fn("Credentials.psk")(function* (request) {
          const admitted = yield* admit(request, request.secureMode)
          if (admitted._tag === "Refused") return admitted
          const { product, device } = admitted
          const secret =
            request.secureMode === 2
              ? vault.openDevice(request, device.secret)
              : vault.openProduct(product.productKey, product.secret)
          return {
            _tag: "Found",
            sealedPsk: vault.pskForBus(request, secret),
            credentialVersion: device.credentialVersion,
            assetId: device.assetId,
            dataFormat: product.dataFormat,
            downlink: product.downlink
          }
        }),

        /** Each new request issues a new secret, a repeated one the same (design §3, 16). */
        activate: Effect.fn("Credentials.activate")(function* (request) {
          const { productKey, deviceKey, requestId } = request
          const id = { productKey, deviceKey }
          const admitted = yield* admit(id, 3)
          if (admitted._tag === "Refused") return admitted
          const issued = alphanumeric(randomBytes(secretLength * randomBytesPerCharacter), secretLength)
          // The store decides, so that copies of one request at two instances get the same answer.
          const device = yield* store.updateCredential(
            id,
            { _tag: "Issue", secret: vault.sealDevice(id, issued), activationRequest: requestId },
            yield* Clock.currentTimeMillis
          )
          // It was there and inactive a moment ago.
          if (device === undefined) return refused("AlreadyActivated")
          const secret = vault.openDevice(id, device.secret)
          return { _tag: "Issued", assetId: device.assetId, sealedSecret: vault.secretForBus(id, secret) }
        }),

        describe: Effect.fn("Credentials.describe")(function* (id) {
          const product = yield* store.product(id.productKey)
          const device = yield* store.device(id)
          if (product === undefined || device === undefined) return { _tag: "Unknown" }
          const { status, activatedAt } = device
          return { _tag: "Found", status, activated: activatedAt !== null, dataFormat: product.dataFormat }
        })
      })
    })
  )
}

const refused = (reason: RefusalReason) => ({ _tag: "Refused", reason }) as const

const refusalOfDevice = (device: StoredDevice): RefusalReason | undefined =>
  device.status === "disabled" ? "DeviceDisabled" : undefined

const refusalOfActivation = (product: StoredProduct, device: StoredDevice): RefusalReason | undefined => {
  if (!product.dynamicActivateEnabled) return "DynamicActivationDisabled"
  if (device.activatedAt !== null) return "AlreadyActivated"
  return refusalOfDevice(device)
}
