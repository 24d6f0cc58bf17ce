export const device = {
  tabs: { overview: "Overview", commands: "Commands", log: "Log", uplinks: "Uplinks", why: "Why" },
  unknown: (key: string) => `There is no device ${key}`,
  unknownBody:
    "It was deleted, or the address has another key. What tried to come in by this name is among the strangers.",
  seen: "last seen",
  never: "never",
  session: "Session",
  neverCame: "It never came in. Its log and “Why” say what was tried.",
  lifetime: "Lifetime",
  left: (span: string) => `${span} left`,
  address: "Address",
  suite: "Cipher suite",
  waiting: "Waiting commands",
  online: "Came online",
  offline: "Went offline",
  activated: "First came in",
  registered: "Registered",
  assetId: "Asset id",
  latest: "Latest values",
  noValues: "Nothing measured yet",
  noValuesBody: "The latest value of each point shows here as soon as the device posts one.",
  quality: (quality: string) => `quality ${quality}`,
  historyOf: (point: string) => `History of ${point}`,
  chartOf: (point: string, points: number) => `Chart of ${point}, ${points} values`,
  time: "Time",
  properties: {
    name: "Name",
    value: "Value",
    jsonValue: "Value (JSON or text)",
    tags: {
      title: "Tags",
      none: "No tags. Tags are yours: a site, a customer, a batch. The fleet can be searched by them.",
      add: "Add a tag",
      remove: (name: string) => `Delete the tag ${name}`
    },
    attributes: {
      title: "Attributes",
      none: "No attributes. The device reports them, or you set them here.",
      add: "Add an attribute",
      remove: (name: string) => `Delete the attribute ${name}`
    }
  },
  actions: {
    more: "More",
    disable: "Disable",
    enable: "Enable",
    disableTitle: (name: string) => `Disable ${name}?`,
    enableTitle: (name: string) => `Enable ${name}?`,
    disableBody: "Its session ends at once, and it is refused until you enable it again. Commands keep waiting.",
    enableBody: "It comes back with its next handshake, by the secret that it had.",
    rename: "Rename…",
    renameTitle: "Rename the device",
    rotate: "Rotate the secret…",
    rotateTitle: (name: string) => `New secret for ${name}`,
    rotateBody:
      "The session ends at once, and the present secret is good for nothing more. The device has to be given the new one.",
    rotateAction: "Rotate",
    replace: "Replace the hardware…",
    replaceTitle: (name: string) => `New hardware for ${name}`,
    replaceBody:
      "Key, asset id and waiting commands stay. The old hardware's session and secret end at once; the new one comes in by the new secret.",
    replaceAction: "Replace",
    delete: "Delete…"
  },
  log: {
    title: "Device log",
    kind: "Kind",
    anyKind: "Any kind",
    nothingFound: "No event of this kind",
    none: "Nothing happened yet",
    noneBody:
      "Handshakes, refusals with their reasons, presence and commands show here as they happen. They are kept for 7 days.",
    older: "Show older"
  },
  uplinks: {
    title: "Uplinks",
    none: "Nothing came yet",
    noneBody: "Every message that was answered 2.04 is here, as the device wrote it.",
    oldest: (time: string) => `The stream reaches back to ${time}`,
    csv: "Download as CSV",
    older: "Show older"
  }
}

export const commands = {
  title: "Commands",
  send: "Send a command",
  none: "No command yet",
  noneBody: "A command waits for its device, which fetches it when it wakes. Each of its steps shows here.",
  kind: "Kind of command",
  forms: {
    set: "Set a point",
    get: "Read a point",
    service: "Call a service",
    upgrade: "Upgrade the firmware",
    raw: "Send bytes"
  },
  firmware: {
    version: "Version",
    fileUrl: "Address of the file",
    fileSize: "Size, bytes",
    sign: "Checksum",
    signMethod: "Kind of checksum"
  },
  bytes: "Bytes, hexadecimal",
  bytesHint: "As the device gets them, such as 01 ff",
  kinds: {
    measurepointSet: "Set",
    measurepointGet: "Read",
    service: "Call",
    raw: "Bytes",
    otaUpgrade: "Upgrade to"
  },
  point: "Point",
  service: "Service",
  value: "Value",
  inputs: "Inputs (JSON)",
  json: "JSON; a bare word is a text",
  true: "true",
  false: "false",
  expected: {
    integer: "A whole number is expected",
    number: "A number is expected",
    json: "JSON is expected",
    text: "This is needed",
    hexadecimal: "Pairs of hexadecimal digits are expected"
  },
  wait: "May wait for",
  waitHint: "How long it waits for the device to wake",
  waits: {
    "0": "Only if it is online now",
    "600": "10 minutes",
    "3600": "1 hour",
    "86400": "1 day",
    "172800": "2 days"
  },
  submit: "Send",
  accepted: (id: string) => `Accepted as ${id}.`,
  noModel: "The product has no thing model, so nothing is checked before it is sent.",
  cancel: "Cancel",
  now: "now",
  steps: {
    created: "created",
    hinted: "hinted",
    fetched: "fetched",
    sent: "last sent",
    replied: "replied",
    finished: "finished"
  },
  states: {
    created: "waits",
    sent: "fetched",
    succeeded: "succeeded",
    failed: "failed",
    expired: "expired",
    cancelled: "cancelled",
    timedOut: "timed out"
  }
}
