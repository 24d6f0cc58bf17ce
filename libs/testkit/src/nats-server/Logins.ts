/** The variables by which each app enters NATS as itself; the registry also as the one that makes streams. */
export const loginsOf = (
  app: string,
  passwords: Readonly<Record<string, string>>
): Readonly<Record<string, string>> => ({
  NATS_USER: app,
  NATS_PASSWORD: passwords[app]!,
  ...(app === "registry"
    ? {
        ROOST_NATS_ADMIN_USER: "admin",
        ROOST_NATS_ADMIN_PASSWORD: passwords["admin"]!,
        ROOST_NATS_SYSTEM_USER: "system",
        ROOST_NATS_SYSTEM_PASSWORD: passwords["system"]!
      }
    : {})
})
