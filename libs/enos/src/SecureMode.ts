import * as Schema from "effect/Schema"

/** 2: one secret per device (一机一密). 3: one secret per product (一型一密), good for fetching the device's secret only. */
export const SecureMode = Schema.Literals([2, 3])
export type SecureMode = typeof SecureMode.Type
