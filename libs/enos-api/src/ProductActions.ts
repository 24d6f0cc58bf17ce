import { DataFormat, DisplayName } from "@roost/contracts"
import { ModelId, ProductKey } from "@roost/enos"
import { Effect, Schema } from "effect"
import { type Action, ApiCode, decode, EnosName, failed, nameOf, textOfName } from "./EnosAnswer.ts"
import { known } from "./Naming.ts"
import { Provisioning } from "./Provisioning.ts"

const NewEnosProduct = Schema.Struct({
  productName: EnosName,
  productKey: Schema.optionalKey(ProductKey),
  modelId: Schema.optionalKey(ModelId),
  productType: Schema.optionalKey(Schema.String),
  dataFormat: Schema.optionalKey(DataFormat),
  biDirectionalAuth: Schema.optionalKey(Schema.Boolean),
  dynamicActivateEnabled: Schema.optionalKey(Schema.Boolean)
})

const create: Action<Provisioning> = Effect.fnUntraced(function* ({ body }) {
  const product = yield* decode(NewEnosProduct, body)
  if (product.productType === "Gateway") return yield* refused("productType: Roost has no gateways")
  if (product.biDirectionalAuth === true)
    return yield* refused("biDirectionalAuth: Roost's devices have no certificates")
  const { productKey } = yield* known(
    (yield* Provisioning).createProduct({
      productName: yield* decode(DisplayName, textOfName(product.productName)),
      dataFormat: product.dataFormat ?? "Json",
      dynamicActivateEnabled: product.dynamicActivateEnabled ?? false,
      downlink: "pipelined",
      ...(product.productKey === undefined ? {} : { productKey: product.productKey }),
      ...(product.modelId === undefined ? {} : { modelId: product.modelId })
    })
  )
  return { data: productKey }
})

const get: Action<Provisioning> = Effect.fnUntraced(function* ({ query }) {
  const { productKey } = yield* decode(Schema.Struct({ productKey: ProductKey }), query)
  const product = yield* known((yield* Provisioning).product(productKey))
  return {
    data: {
      orgId: query["orgId"] ?? "",
      productKey,
      productName: nameOf(product.productName),
      productSecret: product.productSecret,
      productType: "Device",
      modelId: product.modelId ?? "",
      dataFormat: product.dataFormat,
      biDirectionalAuth: false,
      dynamicActivateEnabled: product.dynamicActivateEnabled,
      createTime: product.createdAt
    }
  }
})

const refused = (msg: string) => failed(ApiCode.invalidArgument, msg)

export const productActions = { "POST create": create, "GET get": get }
