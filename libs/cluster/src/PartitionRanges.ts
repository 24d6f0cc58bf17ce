import { partitionCount } from "@roost/contracts"
import * as Data from "effect/Data"
import * as Result from "effect/Result"

/** Inclusive ranges of partitions, as they are announced and configured: `0-255,300`. */
export type PartitionRanges = ReadonlyArray<readonly [from: number, to: number]>

export class PartitionRangesError extends Data.TaggedError("PartitionRangesError")<{ readonly got: string }> {
  override get message(): string {
    return `expected partitions such as 0-${partitionCount - 1} or 0-255,300, each below ${partitionCount}, got ${JSON.stringify(this.got)}`
  }
}

export const parsePartitionRanges = (text: string): Result.Result<PartitionRanges, PartitionRangesError> => {
  const ranges: Array<readonly [number, number]> = []
  for (const part of text.split(",")) {
    const match = /^\s*(\d{1,3})(?:-(\d{1,3}))?\s*$/.exec(part)
    const from = Number(match?.[1])
    const to = Number(match?.[2] ?? match?.[1])
    if (match === null || from > to || to >= partitionCount) return Result.fail(new PartitionRangesError({ got: text }))
    ranges.push([from, to])
  }
  return Result.succeed(ranges)
}

export const isInRanges = (ranges: PartitionRanges, partition: number): boolean =>
  ranges.some(([from, to]) => partition >= from && partition <= to)
