export { DeviceHost } from "./DeviceHost.ts"
export * from "./DeviceSessionConfig.ts"
export type { PendingCommand } from "./PendingCommands.ts"
export type * from "./Ports.ts"
