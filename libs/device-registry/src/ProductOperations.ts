import {
  CurrentIdempotentRequest,
  type EventQuery,
  type LoggedEvent,
  type NewProduct,
  type NewProductSecret,
  NoSuchModel,
  NoSuchProduct,
  type Product,
  type ProductChange,
  type ProductDeletion,
  ProductInUse,
  ProductKeyExists,
  type ProductWithSecret,
  type SecretTooShort,
  requestTime,
  piggybackMillisDefault
} from "@roost/contracts"
import { Clock, Effect, Option, Schedule } from "effect"
import { isGiven, madeUp, secretOr } from "./GivenSecret.ts"
import { noSuchProduct, productOf, since } from "./Registered.ts"
import type { RegistryParts } from "./RegistryParts.ts"
import { deletionAnswerMillisMax, productKeyLength } from "./Limits.ts"
import { requireLength } from "./SecretLength.ts"

/** The operations on products. */
export interface ProductOperations {
  readonly createProduct: (
    product: NewProduct
  ) => Effect.Effect<ProductWithSecret, ProductKeyExists | NoSuchModel | SecretTooShort>
  /** Also one that is being deleted. */
  readonly product: (productKey: string) => Effect.Effect<ProductWithSecret, NoSuchProduct>
  /** Fails for one that is being deleted. */
  readonly requireProduct: (productKey: string) => Effect.Effect<void, NoSuchProduct>
  /** `Deleted`: it is gone. Else how many of its devices are still to be deleted, in the background. */
  readonly deleteProduct: (
    productKey: string,
    force: boolean
  ) => Effect.Effect<"Deleted" | ProductDeletion, NoSuchProduct | ProductInUse>
  readonly changeProduct: (
    productKey: string,
    change: ProductChange
  ) => Effect.Effect<Product, NoSuchProduct | NoSuchModel>
  /** The former secret still activates for `graceSeconds`. */
  readonly rotateProductSecret: (
    productKey: string,
    secret: NewProductSecret
  ) => Effect.Effect<ProductWithSecret, NoSuchProduct | SecretTooShort>
  readonly products: (after: string | undefined, limit: number) => Effect.Effect<ReadonlyArray<Product>>
  readonly productEvents: (
    productKey: string,
    query: EventQuery
  ) => Effect.Effect<ReadonlyArray<LoggedEvent>, NoSuchProduct>
}

export const productOperations = ({ lengthMin, store, vault }: RegistryParts): ProductOperations => {
  const product = Effect.fn("Registry.product")(function* (productKey: string) {
    const found = yield* store.anyProduct(productKey)
    if (found === undefined) return yield* noSuchProduct(productKey)
    return { ...productOf(found), productSecret: vault.openProduct(productKey, found.secret) }
  })

  const requireModel = Effect.fn("Registry.requireModel")(function* (modelId: string | null | undefined) {
    if (modelId === undefined || modelId === null || (yield* store.model(modelId)) !== undefined) return
    return yield* new NoSuchModel({ detail: `No thing model has the id ${modelId}.` })
  })

  return {
    product,
    requireProduct: Effect.fn("Registry.requireProduct")(function* (productKey) {
      if ((yield* store.product(productKey)) === undefined) return yield* noSuchProduct(productKey)
    }),
    createProduct: Effect.fn("Registry.createProduct")(function* ({
      productKey: givenKey,
      productSecret: givenSecret,
      ...fields
    }) {
      yield* requireModel(fields.modelId)
      yield* requireLength(givenSecret, lengthMin)
      const productKey = givenKey ?? (yield* madeUp("product key", productKeyLength))
      const productSecret = yield* secretOr(givenSecret, "product secret")
      // As it is stored, so that the answer is what a GET gives.
      const options = { piggybackMillis: piggybackMillisDefault, closeNotify: "lifetime" as const, ...fields }
      const made: Product = { ...options, productKey, createdAt: yield* requestTime }
      const secret = vault.sealProduct(productKey, productSecret)
      if (yield* store.createProduct({ ...made, secret })) return { ...made, productSecret }
      const taken = yield* store.anyProduct(productKey)
      const own = (yield* CurrentIdempotentRequest) !== undefined && taken?.createdAt === made.createdAt
      if (own && vault.openProduct(productKey, taken.secret) === productSecret) return { ...made, productSecret }
      const until = (taken?.deletingSince ?? null) === null ? "" : " until the product that has it is deleted"
      return yield* new ProductKeyExists({ detail: `The product key ${productKey} is taken${until}.` })
    }),
    deleteProduct: Effect.fn("Registry.deleteProduct")(function* (productKey, force) {
      const begun = yield* store.beginDeletion(productKey, force, yield* Clock.currentTimeMillis)
      if (begun === "Unknown") return yield* noSuchProduct(productKey)
      if (begun === "InUse") {
        const devices = yield* store.countDevices(productKey)
        const detail = `${productKey} has ${devices} devices. ?force=true deletes them with the product.`
        return yield* new ProductInUse({ devices, detail })
      }
      const product = yield* Effect.repeat(store.anyProduct(productKey), {
        schedule: Schedule.spaced("20 millis"),
        until: (found) => found === undefined
      }).pipe(
        Effect.timeoutOption(deletionAnswerMillisMax),
        Effect.flatMap((ended) => (Option.isSome(ended) ? Effect.undefined : store.anyProduct(productKey)))
      )
      if (product === undefined || product.deletingSince === null) return "Deleted"
      return { productKey, deletingSince: product.deletingSince, devices: yield* store.countDevices(productKey) }
    }),
    changeProduct: Effect.fn("Registry.changeProduct")(function* (productKey, change) {
      yield* requireModel(change.modelId)
      const changed = yield* store.updateProduct(productKey, change)
      return changed === undefined ? yield* noSuchProduct(productKey) : productOf(changed)
    }),
    rotateProductSecret: Effect.fn("Registry.rotateProductSecret")(function* (
      productKey,
      { graceSeconds, productSecret: given }
    ) {
      yield* requireLength(given, lengthMin)
      const productSecret = yield* secretOr(given, "product secret")
      const known = yield* store.product(productKey)
      if (known === undefined) return yield* noSuchProduct(productKey)
      if (yield* isGiven(() => vault.openProduct(productKey, known.secret), productSecret)) {
        return { ...productOf(known), productSecret }
      }
      const now = yield* Clock.currentTimeMillis
      const until = graceSeconds === 0 ? undefined : now + graceSeconds * 1000
      const sealed = vault.sealProduct(productKey, productSecret)
      const changed = yield* store.rotateProductSecret(productKey, sealed, until, now)
      return changed === undefined ? yield* noSuchProduct(productKey) : { ...productOf(changed), productSecret }
    }),
    products: (after, limit) => Effect.map(store.products(after, limit), (products) => products.map(productOf)),
    productEvents: Effect.fn("Registry.productEvents")(function* (productKey, query) {
      const product = yield* store.product(productKey)
      if (product === undefined) return yield* noSuchProduct(productKey)
      return yield* store.events({ productKey, deviceKey: "" }, since(product, query))
    })
  }
}
