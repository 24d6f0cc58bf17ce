export * from "./DtlsCrypto.ts"
export * from "./NodeCrypto.ts"
export * from "./OpenSslGcm.ts"
