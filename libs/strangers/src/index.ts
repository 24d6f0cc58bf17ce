export { type StrangerLimits, strangerLimits } from "./StrangerLimits.ts"
export { StrangerReports, type StrangerRefusal } from "./StrangerReports.ts"
