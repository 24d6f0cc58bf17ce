import { everyProduct, type Grant, Role } from "@roost/contracts"

/** The claims of a provider about somebody. */
export type Claims = Readonly<Record<string, unknown>>

/** The roles that a person's claim gives; `came`: in place of one that gives any, in words. */
export type ClaimedRoles =
  | { readonly _tag: "Granted"; readonly grants: ReadonlyArray<Grant> }
  | { readonly _tag: "Absent" | "NoText" | "NoneMapped"; readonly came: string }

/** Values of a claim that are told to who has no role by them. */
const toldValuesMax = 20
/** Characters of such a value that are told. */
const toldLengthMax = 100

/**
 * The claim is a text or a list of texts; anything else gives nothing. Its name counts as it is, also with dots (`https://example.org/roles`);
 * where there is none of the name, dots lead into objects, as Keycloak's `realm_access.roles`.
 */
export const claimedRoles = (
  claims: Claims,
  claim: string,
  roles: ReadonlyMap<string, ReadonlyArray<Grant>>
): ClaimedRoles => {
  const value = claimOf(claims, claim)
  if (value === undefined) return { _tag: "Absent", came: `no claim ${claim}` }
  const values: ReadonlyArray<unknown> = Array.isArray(value) ? value : [value]
  const strange = values.find((one) => typeof one !== "string")
  if (strange !== undefined) {
    const what = Array.isArray(value) ? `a list that has ${kindOf(strange)}` : kindOf(value)
    return { _tag: "NoText", came: `the claim ${claim} with ${what}` }
  }
  const grants = mergedGrants((values as ReadonlyArray<string>).flatMap((one) => roles.get(one) ?? []))
  if (grants.length > 0) return { _tag: "Granted", grants }
  return { _tag: "NoneMapped", came: `the claim ${claim} with ${inWords(values as ReadonlyArray<string>)}` }
}

/** Each role once, with the products of all its grants. */
export const mergedGrants = (grants: ReadonlyArray<Grant>): ReadonlyArray<Grant> =>
  Role.literals.flatMap((role): ReadonlyArray<Grant> => {
    const same = grants.filter((grant) => grant.role === role)
    if (same.length === 0) return []
    if (role !== "developer" && role !== "firmware") return [{ role }]
    const products = new Set(same.flatMap((grant) => ("products" in grant ? grant.products : [])))
    return [{ role, products: products.has(everyProduct) ? [everyProduct] : [...products] }]
  })

const claimOf = (claims: Claims, claim: string): unknown => {
  if (Object.hasOwn(claims, claim)) return claims[claim]
  let value: unknown = claims
  for (const part of claim.split(".")) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, part))
      return undefined
    value = (value as Claims)[part]
  }
  return value
}

const kindOf = (value: unknown): string =>
  value === null
    ? "null"
    : Array.isArray(value)
      ? "a list"
      : typeof value === "object"
        ? "an object"
        : `a ${typeof value}`

const inWords = (values: ReadonlyArray<string>): string => {
  if (values.length === 0) return "an empty list"
  const told = values.slice(0, toldValuesMax).map((value) => JSON.stringify(value.slice(0, toldLengthMax)))
  return `${told.join(", ")}${values.length > told.length ? ` and ${values.length - told.length} more` : ""}`
}
