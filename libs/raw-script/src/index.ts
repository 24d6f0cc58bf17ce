export * from "./Conversion.ts"
export { ScriptPool, limitsMetMax, suspendedMillis, waitingPerProductMax } from "./ScriptPool.ts"
