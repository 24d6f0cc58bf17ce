export { EdgeCore, type EdgePorts } from "./EdgeCore.ts"
export * from "./EdgeLimits.ts"
