export * from "./LiveBlock.ts"
export * from "./Markup.ts"
export * from "./Page.ts"
export * from "./Parts.ts"
