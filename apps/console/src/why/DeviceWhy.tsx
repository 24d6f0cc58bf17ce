import type { DevicePath } from "../device/deviceQueries.ts"
import { DeviceLog } from "../device/DeviceLog.tsx"

export const DeviceWhy = ({ device }: { readonly device: DevicePath }) => <DeviceLog device={device} />
