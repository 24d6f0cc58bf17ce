export * from "./SteadyClock.ts"
export * from "./Ticker.ts"
export * from "./TimerWheel.ts"
export * from "./Turn.ts"
