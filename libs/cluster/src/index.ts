export * from "./PartitionRanges.ts"
export * from "./PlacementMap.ts"
