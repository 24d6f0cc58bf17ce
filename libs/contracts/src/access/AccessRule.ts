import * as Context from "effect/Context"
import type { Role } from "./Principal.ts"

/**
 * Where an operation has the product that a grant of given products must name. `path`, `query` and `body`: its `productKey`. `handler`:
 * only what it finds says so, and the handler asks `isGranted`. `fleet`: it is about all products. `none`: it is about no product.
 */
export type ProductPlace = "path" | "query" | "body" | "handler" | "fleet" | "none"

/** The roles that may call an operation, and where it names its product. `admin` may call each. */
export interface AccessRules {
  readonly roles: ReadonlyArray<Role>
  readonly products: ProductPlace
}

/** Of an endpoint of an API that strangers can't call; `@roost/http` decides by it, and `x-roost-roles` tells it. */
export class AccessRule extends Context.Service<AccessRule, AccessRules>()("@roost/contracts/AccessRule") {}

/** Annotates an endpoint with who may call it, beside admins. */
export const allow = (roles: ReadonlyArray<Role>, products: ProductPlace): Context.Context<never> =>
  Context.make(AccessRule, { roles, products }) as Context.Context<never>

/** Everybody who has a role. */
export const everyRole: ReadonlyArray<Role> = ["viewer", "operator", "developer", "firmware"]

/** The roles of an operation in words, admins included. */
export const rolesOf = ({ roles }: AccessRules): ReadonlyArray<Role> => [...roles, "admin"]
