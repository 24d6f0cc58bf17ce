import { useMutation, useQueryClient } from "@tanstack/react-query"
import { devicesKey } from "../fleet/fleetQueries.ts"
import { type Device, keyOf } from "./deviceQueries.ts"

/** A change of `device` whose answer is the device as it is then; every list of devices is read again. */
export const useDeviceChange = (device: Device, change: () => Promise<Device>, onChanged: () => void) => {
  const client = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: (changed) => {
      client.setQueryData(keyOf(device), changed)
      void client.invalidateQueries({ queryKey: devicesKey })
      onChanged()
    }
  })
}
