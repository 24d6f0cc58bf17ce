export * from "./Guardian.ts"
export * from "./isAlive.ts"
export { outputCharactersMax } from "./OutputTail.ts"
export * from "./Program.ts"
