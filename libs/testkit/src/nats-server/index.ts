export * from "./Binary.ts"
export * from "./Configuration.ts"
export * from "./Logins.ts"
