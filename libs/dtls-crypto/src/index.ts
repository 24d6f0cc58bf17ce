export * from "./DtlsCrypto.ts"
export * from "./NodeCrypto.ts"
export { nodeFfi } from "./NodeFfi.ts"
export * from "./OpenSslGcm.ts"
