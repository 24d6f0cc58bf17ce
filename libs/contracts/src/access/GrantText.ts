import { type Grant, Role } from "./Principal.ts"

/** `viewer`, or `developer:meters,water`, several with spaces between. Throws. */
export const grantsOfText = (text: string): ReadonlyArray<Grant> =>
  text
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => {
      const [role = "", products] = word.split(":", 2)
      if (!isRole(role)) {
        throw new Error(
          `expected one of ${Role.literals.join(", ")}, or developer:PRODUCT,…; got ${JSON.stringify(word)}`
        )
      }
      if (role !== "developer" && role !== "firmware") {
        if (products === undefined) return { role }
        throw new Error(`expected ${role} without products: it is of all of them; got ${JSON.stringify(word)}`)
      }
      const keys = (products ?? "").split(",").filter((key) => key !== "")
      if (keys.length > 0) return { role, products: keys }
      throw new Error(`expected ${role}:PRODUCT,… or ${role}:* for every product; got ${JSON.stringify(word)}`)
    })

const isRole = (text: string): text is Role => (Role.literals as ReadonlyArray<string>).includes(text)
