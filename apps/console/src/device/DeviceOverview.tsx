import classes from "./DeviceOverview.module.css"
import type { Device } from "./deviceQueries.ts"
import { DeviceProperties } from "./DeviceProperties.tsx"
import { LatestValues } from "./LatestValues.tsx"
import { SessionFacts } from "./SessionFacts.tsx"

/** The device's latest values, and what is known of it. */
export const DeviceOverview = ({ device }: { readonly device: Device }) => (
  <div className={classes.columns}>
    <LatestValues device={device} />
    <div className={classes.side}>
      <SessionFacts device={device} />
      <DeviceProperties device={device} kind="tags" />
      <DeviceProperties device={device} kind="attributes" />
    </div>
  </div>
)
