export * from "./ChildProcess.ts"
export * from "./FreePort.ts"
export * from "./NatsServer.ts"
