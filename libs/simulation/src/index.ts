export * from "./leases/LeaseSchedule.ts"
export * from "./leases/SetBackSchedule.ts"
export * from "./Schedule.ts"
export * from "./Seeded.ts"
