export * from "./PartitionRanges.ts"
export * from "./PlacementAnnouncer.ts"
export * from "./PlacementMap.ts"
export * from "./PlacementWatch.ts"
