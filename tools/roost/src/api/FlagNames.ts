/** Names of flags where the field's own is long, or means another thing at a terminal. */
export const flagNames: Readonly<Record<string, string>> = {
  productKey: "product",
  deviceKey: "device",
  productName: "name",
  deviceName: "name",
  productSecret: "secret",
  deviceSecret: "secret",
  dataFormat: "format",
  dynamicActivateEnabled: "dynamic-activate",
  modelId: "model",
  pendingTtl: "ttl",
  graceSeconds: "grace",
  grants: "role",
  expiresAt: "expires"
}

/** Of one operation: what is a `version` there. `--version` is the program's. */
export const flagNamesOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  publishScript: { version: "version-number" },
  upgradeFirmware: { version: "firmware" },
  unpublishScript: { versions: "all-versions" }
}
