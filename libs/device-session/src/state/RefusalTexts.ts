import type { RefusalReason } from "@roost/contracts"

/** The registry's reasons for a device that comes to a handshake or asks for its secret, with cause and cure. */
export const refusalText = (reason: RefusalReason): string => `the registry refused: ${reason}; ${refusalTexts[reason]}`

const refusalTexts: Readonly<Record<RefusalReason, string>> = {
  UnknownProduct:
    "no product has this key. It is mistyped, the product is of another cluster, or it is not created yet (POST /v1/products)",
  UnknownDevice:
    "the product has no device with this key. It is mistyped, of another product, or not registered yet (POST …/devices)",
  DeviceDisabled: "an operator disabled the device. POST …:enable lets it in again",
  DynamicActivationDisabled:
    "the device came with its product's secret (SecureMode 3), and the product allows no dynamic activation. " +
    "Switch dynamicActivateEnabled on, or give the device a secret of its own and SecureMode 2",
  AlreadyActivated:
    "the device came with its product's secret (SecureMode 3), and it has fetched and used a secret of its own. " +
    "It lost that, or something else uses the product's secret. POST …:replace lets new hardware activate",
  ProductSecretRotated: "the product's secret was changed. Give the device the new one",
  TooManyActivations:
    "the device or its product fetched too many secrets. Find out which device does it again and again"
}
