/** `code` of replies (enos-protocol §4); devices may answer commands with codes of their own from 2000 on. */
export const EnosCode = {
  success: 200,
  /** Of EnOS's SDKs. */
  tooManyRequests: 429,
  deviceDisabled: 723,
  signCheckFailed: 742,
  dynamicActivationNotAllowed: 770,
  deviceCannotActivateAgain: 771,
  messageTooLarge: 1008,
  noWritePermission: 1009,
  handlerNotRegistered: 1101,
  handlerFailed: 1102,
  parseError: 1200,
  modelValidationFailed: 1204,
  measurepointFormat: 1206,
  attributeUpdateFormat: 1207,
  attributeQueryFormat: 1208,
  attributeDeleteFormat: 1209,
  noSubDevicePermission: 1212,
  payloadFormat: 1220,
  payloadEmpty: 1251,
  methodsNotConsistent: 1260
} as const

/** Codes of the open API about commands (enos-protocol §8.1). */
export const CommandCode = {
  noSuchDevice: 11705,
  deviceDisabled: 11723,
  cannotEncode: 11810,
  deviceNotActivated: 11888,
  deviceOffline: 11900,
  cacheFull: 11902,
  notSent: 11904,
  responseTimedOut: 11915
} as const

/** A device's verdict on a command: 0 and 200 are success (enos-protocol §3.2). */
export const isSuccess = (code: number): boolean => code === 0 || code === EnosCode.success
