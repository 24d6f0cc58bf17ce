import type { Presence } from "@roost/contracts"
import { EventLimiter } from "./EventLimiter.ts"
import type { Ports } from "./Ports.ts"

/** What operators get to see: why something was refused, who went online. Reasons never go on the air (design §3, 3). */
export class Events {
  readonly #ports: Ports
  readonly #limiter = new EventLimiter()

  constructor(ports: Ports) {
    this.#ports = ports
  }

  presence(presence: Presence): void {
    this.#ports.publishPresence(presence)
  }

  /** `reason`: one sentence that says whose fault it is and what was expected. */
  happened(
    now: number,
    device: { readonly productKey: string; readonly deviceKey: string },
    kind: string,
    address: string,
    reason: string,
    detail?: Readonly<Record<string, string | number | boolean>>
  ): void {
    const { productKey, deviceKey } = device
    const left = this.#limiter.admit(now, `${productKey},${deviceKey},${kind}`, reason)
    if (left === undefined) return
    const more = left === 0 ? detail : { ...detail, leftOut: left }
    const event = { productKey, deviceKey, kind, at: now, address, reason }
    this.#ports.publishEvent(more === undefined ? event : { ...event, detail: more })
  }
}
