import type { Placements } from "../Placement.ts"

/** Keys, accounts and the log of changes. */
export const accessPlacements: Placements = {
  whoAmI: { words: "whoami", examples: [["", "Whose credential this is, and what it may do"]] },
  createApiKey: {
    words: "keys create",
    positional: ["name"],
    examples: [
      ["dashboard --role viewer", "A key that reads; its secret is not told again"],
      ["billing --role developer:meters,water --expires 90d", "For the applications of two products, for 90 days"]
    ]
  },
  listApiKeys: {
    words: "keys ls",
    list: {
      items: "keys",
      key: ["keyId"],
      columns: ["keyId", "name", "grants", "createdAt", "expiresAt", "lastUsedAt", "lastUsedFrom"]
    },
    examples: [["", "All keys, without their secrets"]]
  },
  getApiKey: { words: "keys get", examples: [["0a1b2c3d4e5f", "With the prefixes of its secrets"]] },
  rotateApiKey: {
    words: "keys rotate",
    examples: [
      ["0a1b2c3d4e5f --grace 2d", "Another secret; the former one is good for two days more"],
      ["0a1b2c3d4e5f --grace 0", "The former one leaked"]
    ]
  },
  revokeApiKey: { words: "keys rm", examples: [["0a1b2c3d4e5f", "It is good for nothing from then on"]] },
  createAccount: {
    words: "accounts create",
    positional: ["name"],
    examples: [
      ["ada --role operator", "A person; the password that is made up is told once"],
      ["grace --role 'firmware:meters viewer'", "Two roles, one of them for one product"]
    ]
  },
  listAccounts: {
    words: "accounts ls",
    list: { items: "accounts", key: ["name"], columns: ["name", "displayName", "grants", "enabled", "passwordSetAt"] },
    examples: [["", "All accounts"]]
  },
  changeAccount: {
    words: "accounts set",
    examples: [
      ["ada --role admin", "Other roles, from the next request on"],
      ["ada --no-enabled", "Out at once"]
    ]
  },
  resetPassword: { words: "accounts reset-password", examples: [["ada", "A new one is made up, and sessions end"]] },
  deleteAccount: { words: "accounts rm", examples: [["ada", "Its sessions end"]] },
  changePassword: {
    words: "accounts change-password",
    examples: [["--current former-password --password another-longer-one", "One's own, of who has an account"]]
  },
  listAudit: {
    words: "audit",
    list: { items: "entries", key: ["id"], columns: ["at", "who", "operation", "target", "from"], usual: 50 },
    examples: [
      ["--from 24h", "Who changed what in the last day, newest first"],
      [
        "--product meters --operation rotateProductSecret --output json",
        "With the values before and after, as far as there are any"
      ]
    ]
  }
}
