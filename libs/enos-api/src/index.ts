export * from "./CommandService.ts"
export * from "./EnosAnswer.ts"
export * from "./EnosRoutes.ts"
export * from "./Provisioning.ts"
