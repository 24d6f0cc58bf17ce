export * from "./Device.ts"
export * from "./DeviceState.ts"
export type * from "./LinkEvent.ts"
export * from "./SecureLink.ts"
