export * from "./Binary.ts"
export * from "./Configuration.ts"
