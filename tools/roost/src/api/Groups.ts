/** The first word of commands, and what they are about; in the order of `roost --help`. */
export const groups: Readonly<Record<string, string>> = {
  products: "Kinds of devices, their secrets and options",
  devices: "Devices: register, look at, rename, disable, replace",
  commands: "Commands for devices, and what became of them",
  attributes: "Attributes of a device: its own and yours",
  tags: "Tags of a device: yours",
  models: "Thing models: what devices may say",
  scripts: "Scripts of raw products: bytes to messages and back",
  webhooks: "Events delivered to an address of yours",
  sinks: "Events written to a database or a broker of yours",
  strangers: "Who was refused without naming a registered device",
  recordings: "Flight recordings: every datagram of a device for some minutes",
  keys: "API keys: made, rotated, revoked",
  accounts: "People of Roost's own, and what they may do",
  audit: "Who changed what",
  whoami: "Who this is, and what they may do"
}
