import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Report } from "./Report.ts"

/** One page without anything from elsewhere: faults, throughput and the wait of every device on one axis of time. */
export const timelineOf = (report: Report): string => {
  // Nothing in the data can end the script element that it stands in.
  const data = JSON.stringify(report).replaceAll("<", "\\u003c")
  return readFileSync(join(import.meta.dirname, "timeline.html"), "utf8").replace('"REPORT"', () => data)
}
