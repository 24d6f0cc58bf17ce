import { ProductKey } from "@roost/enos"
import * as Schema from "effect/Schema"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { allow, everyRole } from "../access/AccessRule.ts"
import { Flag } from "../http/Flag.ts"
import { FieldsFixed } from "../http/RequestProblems.ts"
import { cursorOf, describe, limit, nextCursor } from "../http/EndpointParts.ts"
import {
  NewProduct,
  NewProductSecret,
  Product,
  ProductChange,
  ProductDeletion,
  ProductWithSecret,
  ShownProduct
} from "./Product.ts"
import { ProductEvent } from "./RegisteredDevice.ts"
import { NoSuchModel, NoSuchProduct, ProductInUse, ProductKeyExists, SecretTooShort } from "./RegistryProblems.ts"
import { eventListQuery } from "./EventQuery.ts"

const product = { productKey: ProductKey }

export const Products = HttpApiGroup.make("products")
  .add(
    HttpApiEndpoint.post("createProduct", "/v1/products", {
      payload: NewProduct,
      success: ProductWithSecret.pipe(HttpApiSchema.status(201)),
      error: [ProductKeyExists, NoSuchModel, SecretTooShort]
    })
      .annotateMerge(
        describe(
          "Create a product",
          "The answer has its secret, which devices of SecureMode 3 carry. `Custom` devices speak bytes and need a script."
        )
      )
      .annotateMerge(allow(["developer"], "fleet")),
    HttpApiEndpoint.get("listProducts", "/v1/products", {
      query: { cursor: cursorOf(ProductKey), limit },
      success: Schema.Struct({ products: Schema.Array(Product), nextCursor })
    })
      .annotateMerge(
        describe(
          "List products by key",
          "Without their secrets. `nextCursor` is the `cursor` of the next page. Who has grants of given products gets those of each page."
        )
      )
      .annotateMerge(allow(everyRole, "handler")),
    HttpApiEndpoint.get("getProduct", "/v1/products/:productKey", {
      params: product,
      success: ShownProduct,
      error: NoSuchProduct
    })
      .annotateMerge(
        describe(
          "Read a product, and its secret",
          "The secret is part of its devices' firmware in SecureMode 3, so the roles firmware and admin can read it again."
        )
      )
      .annotateMerge(allow(everyRole, "path")),
    HttpApiEndpoint.get("listProductEvents", "/v1/products/:productKey/events", {
      params: product,
      query: eventListQuery,
      success: Schema.Struct({ events: Schema.Array(ProductEvent), nextCursor }),
      error: NoSuchProduct
    })
      .annotateMerge(
        describe(
          "What happened to a product and why, newest first",
          "Not to one of its devices, each of which has events of its own."
        )
      )
      .annotateMerge(allow(everyRole, "path")),
    HttpApiEndpoint.patch("changeProduct", "/v1/products/:productKey", {
      params: product,
      payload: ProductChange,
      success: Product,
      error: [NoSuchProduct, NoSuchModel, FieldsFixed]
    })
      .annotateMerge(
        describe(
          "Rename a product, switch dynamic activation, or give it another thing model",
          "Devices that are activated already stay so. Another model counts for the next message of every device."
        )
      )
      .annotateMerge(allow(["developer"], "path")),
    HttpApiEndpoint.delete("deleteProduct", "/v1/products/:productKey", {
      params: product,
      query: {
        force: Schema.optionalKey(Flag.annotate({ description: "`true`: its devices are deleted with it." }))
      },
      success: [ProductDeletion.pipe(HttpApiSchema.status(202)), HttpApiSchema.NoContent],
      error: [NoSuchProduct, ProductInUse]
    })
      .annotateMerge(
        describe(
          "Delete a product",
          "Refused while it has devices, unless `force=true`. With it go devices, secrets and sessions, commands that wait, webhooks, " +
            "scripts, latest values, attributes, tags and events. No device gets in from now on. 204: it is gone. 202: it goes in the " +
            "background, whatever restarts meanwhile; the same call says how many devices are left, and 404 that it is gone."
        )
      )
      .annotateMerge(allow([], "path")),
    HttpApiEndpoint.post("rotateProductSecret", "/v1/products/:productKey:rotate-secret", {
      params: product,
      payload: NewProductSecret,
      success: ProductWithSecret,
      error: [NoSuchProduct, SecretTooShort]
    })
      .annotateMerge(
        describe(
          "Change a product's secret",
          "The former one activates devices for `graceSeconds` more; one before that does no longer. Devices that have a " +
            "secret of their own are not affected."
        )
      )
      .annotateMerge(allow(["firmware"], "path"))
  )
  .annotateMerge(
    OpenApi.annotations({
      title: "Products",
      description: "A kind of device: one firmware, one product secret, one data format."
    })
  )
