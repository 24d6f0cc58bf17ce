export * from "./ConsoleFiles.ts"
export * from "./ConsoleHttp.ts"
export * from "./ConsoleSessions.ts"
export * from "./People.ts"
