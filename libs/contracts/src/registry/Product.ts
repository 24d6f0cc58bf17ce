import { ModelId, ProductKey, Secret } from "@roost/enos"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Role } from "../access/Principal.ts"
import { sentBack } from "../http/SentBack.ts"
import { textOf } from "../http/Texts.ts"
import { CloseNotifyMode, DataFormat, DownlinkMode, PiggybackMillis } from "../Registry.ts"

/** Characters of the name of a product or a device. */
export const nameLengthMax = 200

export const DisplayName = textOf(1, nameLengthMax).annotate({
  description: `What people call it: 1–${nameLengthMax} characters.`,
  examples: ["Meters"]
})

/** A kind of device: one firmware, one product secret, one data format. */
export const Product = Schema.Struct({
  productKey: ProductKey,
  productName: DisplayName,
  dataFormat: DataFormat,
  dynamicActivateEnabled: Schema.Boolean.annotate({
    description: "Whether a device that was never activated may fetch its secret with the product's (SecureMode 3)."
  }),
  downlink: DownlinkMode,
  piggybackMillis: Schema.optionalKey(
    PiggybackMillis.annotate({
      description:
        "How long a response waits to go with its ACK, in milliseconds, before the ACK goes alone (RFC 7252 §5.2)."
    })
  ),
  closeNotify: Schema.optionalKey(
    CloseNotifyMode.annotate({
      description:
        "`lifetime`: a device that says close_notify stays online for its Lifetime. `offline`: it is offline at once."
    })
  ),
  modelId: Schema.optionalKey(
    ModelId.annotate({ description: "What its devices may say; without one, anything that is well-formed." })
  ),
  createdAt: Schema.Finite.annotate({ description: "Milliseconds since 1970." }),
  previousSecretUntil: Schema.optionalKey(
    Schema.Finite.annotate({ description: "Until then, milliseconds since 1970, its former secret is good, too." })
  ),
  deletingSince: Schema.optionalKey(
    Schema.Finite.annotate({ description: "Milliseconds since 1970: it is being deleted, and lets no device in." })
  )
}).annotate({ identifier: "Product" })
export type Product = typeof Product.Type

/** The secret is part of every device's firmware in SecureMode 3, so whoever builds that has to be able to read it. */
export const ProductWithSecret = Schema.Struct({ ...Product.fields, productSecret: Secret }).annotate({
  identifier: "ProductWithSecret"
})
export type ProductWithSecret = typeof ProductWithSecret.Type

/** The roles that see a product's secret beside admins. */
export const secretRoles: ReadonlyArray<Role> = ["firmware"]

/** A product as its reader may see it. */
export const ShownProduct = Schema.Struct({
  ...Product.fields,
  productSecret: Schema.optionalKey(Secret.annotate({ description: "For the roles firmware and admin only." }))
}).annotate({ identifier: "ShownProduct" })
export type ShownProduct = typeof ShownProduct.Type

/** A product that is deleted in the background. */
export const ProductDeletion = Schema.Struct({
  productKey: ProductKey,
  deletingSince: Schema.Finite.annotate({ description: "Milliseconds since 1970." }),
  devices: Schema.Int.annotate({ description: "Devices that are still to be deleted." })
}).annotate({ identifier: "ProductDeletion" })
export type ProductDeletion = typeof ProductDeletion.Type

export const NewProduct = Schema.Struct({
  productName: DisplayName,
  productKey: Schema.optionalKey(ProductKey.annotate({ description: "Made up if absent: 8 letters and digits." })),
  productSecret: Schema.optionalKey(Secret.annotate({ description: "Made up if absent: 20 letters and digits." })),
  dataFormat: DataFormat.annotate({
    description: "`Json`, or bytes that a script of the product translates (`Custom`). `Json` if absent."
  }).pipe(Schema.withDecodingDefaultKey(Effect.succeed("Json"))),
  dynamicActivateEnabled: Product.fields.dynamicActivateEnabled.pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(false))
  ),
  downlink: DownlinkMode.annotate({
    description:
      "How pending commands are offered: as the contract says, or the next one after a reply or timeout (`serial`). `pipelined` if absent."
  }).pipe(Schema.withDecodingDefaultKey(Effect.succeed("pipelined"))),
  piggybackMillis: Product.fields.piggybackMillis,
  closeNotify: Product.fields.closeNotify,
  modelId: Product.fields.modelId
}).annotate({ identifier: "NewProduct" })
export type NewProduct = typeof NewProduct.Type

/** Longest and usual time in which a product's former secret still activates: 30 days, one day. */
export const graceSecondsMax = 30 * 86_400
export const graceSecondsDefault = 86_400

export const NewProductSecret = Schema.Struct({
  productSecret: NewProduct.fields.productSecret,
  graceSeconds: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: graceSecondsMax }))
    .annotate({
      description: `How long the former secret still activates devices, ${graceSecondsDefault} if absent. 0 if it leaked.`
    })
    .pipe(Schema.withDecodingDefaultKey(Effect.succeed(graceSecondsDefault)))
}).annotate({ identifier: "NewProductSecret" })
export type NewProductSecret = typeof NewProductSecret.Type

/** Of a product, what is built into its devices. */
export const productFixed: ReadonlyArray<string> = ["productKey", "productSecret", "dataFormat", "downlink"]

/** The fields of a product that may change; an absent one stays. The rest is built into the devices. */
export const ProductChange = sentBack(ProductWithSecret.fields, {
  productName: Schema.optionalKey(DisplayName),
  dynamicActivateEnabled: Schema.optionalKey(Product.fields.dynamicActivateEnabled),
  piggybackMillis: Product.fields.piggybackMillis,
  closeNotify: Product.fields.closeNotify,
  modelId: Schema.optionalKey(Schema.NullOr(ModelId)).annotate({ description: "`null`: none any more." })
}).annotate({ identifier: "ProductChange" })
export type ProductChange = typeof ProductChange.Type
