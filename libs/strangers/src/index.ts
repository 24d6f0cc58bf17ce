export { type StrangerLimits, strangerLimits } from "./StrangerLimits.ts"
export type { StrangerRefusal } from "./StrangerRefusal.ts"
export { StrangerReports } from "./StrangerReports.ts"
