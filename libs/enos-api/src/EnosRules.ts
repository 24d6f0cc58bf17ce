import { type AccessRules, everyRole, isGranted, grantsInWords, type Principal, rolesOf } from "@roost/contracts"
import { Effect } from "effect"
import { CommandService } from "./CommandService.ts"
import type { Call, EnosFailure } from "./EnosAnswer.ts"
import { known } from "./Naming.ts"
import { Provisioning } from "./Provisioning.ts"

const ofProduct = (...roles: AccessRules["roles"]): AccessRules => ({ roles, products: "handler" })
const ofAll = (...roles: AccessRules["roles"]): AccessRules => ({ roles, products: "fleet" })

/** The roles that may make each call, beside admins, as for the same operation of `RegistryApi`. A call that is not here is for admins. */
export const enosRules: Readonly<Record<string, AccessRules>> = {
  "products POST create": ofAll("developer"),
  // It answers the product's secret.
  "products GET get": ofProduct("firmware"),
  "devices POST create": ofProduct("operator", "developer", "firmware"),
  "devices GET get": ofProduct(...everyRole),
  "devices POST search": ofAll(...everyRole),
  "devices POST update": ofProduct("operator", "developer", "firmware"),
  "devices POST delete": ofProduct("operator", "developer"),
  "devices POST enable": ofProduct("operator", "developer"),
  "devices POST disable": ofProduct("operator", "developer"),
  "devices POST replaceDevice": ofProduct("operator", "firmware"),
  "commands POST setMeasurepoint": ofProduct("operator", "developer", "firmware"),
  "commands POST invokeService": ofProduct("operator", "developer", "firmware"),
  "commands GET get": ofProduct(...everyRole),
  "commands POST search": ofProduct(...everyRole),
  "commands POST cancel": ofProduct("operator", "developer", "firmware"),
  "measurepoints POST queryLatest": ofProduct(...everyRole)
}

/** Why the caller may not make the call; undefined: they may. */
export const forbiddenFor = Effect.fnUntraced(function* (
  principal: Principal,
  rule: AccessRules = ofAll(),
  call: Call
): Effect.fn.Return<string | undefined, EnosFailure, Provisioning | CommandService> {
  if (isGranted(principal, rule.roles)) return undefined
  const some = principal.grants.some(({ role }) => rule.roles.includes(role))
  const named = some && rule.products !== "fleet" ? yield* productsNamed(call) : []
  if (named.length > 0 && named.every((productKey) => isGranted(principal, rule.roles, productKey))) return undefined
  const of = named.length === 0 ? "" : ` for the product ${named.join(", ")}`
  return `needed${of}: ${rolesOf(rule).join(" or ")}; ${principal.name} has ${grantsInWords(principal.grants)}`
})

/** Of every product that the call names in any way: whichever of them counts, the caller has to have a grant of it. */
const productsNamed = Effect.fnUntraced(function* ({
  body,
  query
}: Call): Effect.fn.Return<ReadonlyArray<string>, EnosFailure, Provisioning | CommandService> {
  const members = typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>) : {}
  const texts = (name: string) =>
    [members[name], query[name]].filter((value): value is string => typeof value === "string")
  const keys = new Set(texts("productKey"))
  for (const assetId of texts("assetId")) {
    keys.add((yield* known((yield* Provisioning).deviceOfAsset(assetId))).productKey)
  }
  for (const commandId of texts("commandId")) {
    const { commands } = yield* (yield* CommandService).ask({ _tag: "Get", commandId })
    keys.add(commands[0]!.productKey)
  }
  return [...keys]
})
