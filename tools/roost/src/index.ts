export * from "./runRoost.ts"
