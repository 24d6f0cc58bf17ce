export * from "./NodeCrypto.ts"
