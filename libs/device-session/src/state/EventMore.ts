import type { DeviceEvent } from "@roost/contracts"

/** How an event may be told. */
export interface Admission {
  /** Healthy devices do it, too. */
  readonly routine?: boolean | undefined
  /** Belongs behind the reason, which is the same for the same reason; called only where the event is told. */
  readonly hint?: (() => string) | undefined
}

/** What an event has beside its reason. */
export interface EventMore extends Admission {
  readonly detail?: DeviceEvent["detail"] | undefined
}
