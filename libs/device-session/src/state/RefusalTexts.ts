import type { RefusalReason } from "@roost/contracts"
import { reasonOf, type RefusalCode, type Told, told } from "@roost/explain"
import type { Unanswered } from "./Outcomes.ts"

/** The registry's reasons for a device that comes to a handshake or asks for its secret, with cause and cure. */
export const refusalText = (reason: RefusalReason): string =>
  `the registry refused (${reason}): ${reasonOf(refusalCodes[reason])}`

export const refusalCodes = {
  UnknownProduct: "unknown-product",
  UnknownDevice: "unknown-device",
  DeviceDisabled: "device-disabled",
  DynamicActivationDisabled: "activation-off",
  AlreadyActivated: "already-activated",
  ProductSecretRotated: "product-secret-rotated",
  TooManyActivations: "too-many-activations"
} as const satisfies Readonly<Record<RefusalReason, RefusalCode>>

/** A question to the registry that has no answer that can be read. */
export const unansweredCode = ({ differs }: Unanswered): RefusalCode =>
  differs === true ? "cluster-key-differs" : "registry-silent"

/** The same as operators are told; made once, since a handshake that failed keeps it until its time is over. */
export const refusalTold = (reason: RefusalReason): Told => refusalsTold[reason]

const toldOf = (reason: RefusalReason): Told => told(refusalCodes[reason], refusalText(reason))
const refusalsTold: Readonly<Record<RefusalReason, Told>> = {
  UnknownProduct: toldOf("UnknownProduct"),
  UnknownDevice: toldOf("UnknownDevice"),
  DeviceDisabled: toldOf("DeviceDisabled"),
  DynamicActivationDisabled: toldOf("DynamicActivationDisabled"),
  AlreadyActivated: toldOf("AlreadyActivated"),
  ProductSecretRotated: toldOf("ProductSecretRotated"),
  TooManyActivations: toldOf("TooManyActivations")
}
