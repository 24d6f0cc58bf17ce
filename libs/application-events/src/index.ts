export * from "./EventPosition.ts"
export * from "./EventRoutes.ts"
export * from "./EventSource.ts"
export * from "./EventStream.ts"
