export * from "./DtlsCrypto.ts"
export * from "./NodeCrypto.ts"
