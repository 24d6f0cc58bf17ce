export * from "./ApiServer.ts"
export * from "./BearerToken.ts"
export * from "./Problems.ts"
