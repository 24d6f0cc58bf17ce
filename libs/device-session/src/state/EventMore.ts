import type { DeviceEvent, DeviceEventKind, PlainEventKind } from "@roost/contracts"
import type { RefusalCode } from "@roost/explain"

/** How an event may be told. */
export interface Admission {
  /** Healthy devices do it, too. */
  readonly routine?: boolean | undefined
  /** Belongs behind the reason, which is the same for the same reason; called only where the event is told. */
  readonly hint?: (() => string) | undefined
}

/** The members that an event has beside its reason. */
export interface EventMore extends Admission {
  /** Of what was refused. */
  readonly code?: RefusalCode | undefined
  readonly detail?: DeviceEvent["detail"] | undefined
}

/** No refusal is told without its code. */
export type MoreOf<Kind extends DeviceEventKind> = Kind extends PlainEventKind
  ? [more?: EventMore]
  : [more: EventMore & { readonly code: RefusalCode }]
