export * from "./TimerWheel.ts"
