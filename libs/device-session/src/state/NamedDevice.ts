/** Keys of a product and of a device. */
export interface NamedDevice {
  readonly productKey: string
  readonly deviceKey: string
}
