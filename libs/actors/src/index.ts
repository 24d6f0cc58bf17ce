export * from "./SteadyClock.ts"
export * from "./TimerWheel.ts"
export * from "./Turn.ts"
