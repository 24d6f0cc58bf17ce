export * from "./leases/LeaseSchedule.ts"
export * from "./Schedule.ts"
export * from "./Seeded.ts"
