export * from "./ExplicitNonces.ts"
