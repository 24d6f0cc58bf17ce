import { ProductKey } from "@roost/enos"
import * as Context from "effect/Context"
import * as Schema from "effect/Schema"

/**
 * The set of operations that somebody may call. `viewer` reads all that is no secret, `operator` runs the fleet. `developer` builds
 * applications for given products. `firmware` builds what runs on their devices, and so knows their secrets. `admin` may do everything.
 */
export const Role = Schema.Literals(["viewer", "operator", "developer", "firmware", "admin"])
export type Role = typeof Role.Type

/** Products that one grant names at most. */
export const grantedProductsMax = 100
/** Grants of one principal at most. */
export const grantsMax = 10

/** Stands for every product, also those that are made later. */
export const everyProduct = "*"

/** A role; `developer` and `firmware` are of the products that they name. */
export const Grant = Schema.Union([
  Schema.Struct({ role: Schema.Literals(["viewer", "operator", "admin"]) }).annotate({ identifier: "FleetGrant" }),
  Schema.Struct({
    role: Schema.Literals(["developer", "firmware"]),
    products: Schema.Array(Schema.Union([ProductKey, Schema.Literal(everyProduct)]))
      .check(Schema.isMinLength(1), Schema.isMaxLength(grantedProductsMax), Schema.isUnique())
      .annotate({ description: "Keys of products; `*` is every product." })
  }).annotate({ identifier: "ProductGrant" })
]).annotate({ identifier: "Grant" })
export type Grant = typeof Grant.Type

export const Grants = Schema.Array(Grant).check(Schema.isMinLength(1), Schema.isMaxLength(grantsMax))

/** The maker of a request, and the credential that it came by. */
export const Principal = Schema.Struct({
  kind: Schema.Literals(["token", "key", "account", "oidc"]).annotate({
    description:
      "`token`: ROOST_API_TOKEN. `key`: an API key. `account`: a person of Roost's own. `oidc`: a person of the identity provider."
  }),
  id: Schema.String,
  name: Schema.String,
  grants: Schema.Array(Grant)
}).annotate({ identifier: "Principal" })
export type Principal = typeof Principal.Type

/** The holder of ROOST_API_TOKEN. */
export const tokenPrincipal: Principal = {
  kind: "token",
  id: "ROOST_API_TOKEN",
  name: "ROOST_API_TOKEN",
  grants: [{ role: "admin" }]
}

/** The maker of the request that is being answered, and the roles that its operation is for. */
export interface Caller {
  readonly principal: Principal
  readonly roles: ReadonlyArray<Role>
}

/** Undefined where nobody asked by HTTP. */
export const CurrentCaller = Context.Reference<Caller | undefined>("@roost/contracts/CurrentCaller", {
  defaultValue: () => undefined
})

/** Whether one of these roles is granted for the product; without one, for every product. `admin` is always among the roles. */
export const isGranted = (
  { grants }: Pick<Principal, "grants">,
  roles: ReadonlyArray<Role>,
  productKey?: string | undefined
): boolean =>
  grants.some((grant) => {
    if (grant.role === "admin") return true
    if (!roles.includes(grant.role)) return false
    if (!("products" in grant) || grant.products.includes(everyProduct)) return true
    return productKey !== undefined && grant.products.includes(productKey)
  })

/** The roles that are granted, and of which products, for a person. */
export const grantsInWords = (grants: ReadonlyArray<Grant>): string =>
  grants.length === 0
    ? "no role"
    : grants
        .map((grant) => ("products" in grant ? `${grant.role} of ${grant.products.join(", ")}` : grant.role))
        .join(", ")
