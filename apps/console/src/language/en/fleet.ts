export const fleet = {
  title: "Fleet",
  devices: (count: string) => (count === "1" ? "1 device" : `${count} devices`),
  all: "All",
  rates: (uplinks: string, handshakes: string) => `${uplinks} uplinks/s · ${handshakes} handshakes/s`,
  search: "Search",
  searchHint: "Part of a key, name or tag",
  product: "Product",
  anyProduct: "Any product",
  tag: "Tag",
  tagHint: "name or name=value",
  silent: "Silent for longer than",
  anySilence: "Any time",
  silences: { "15m": "15 minutes", "1h": "1 hour", "24h": "24 hours", "7d": "7 days", "30d": "30 days" },
  clear: "Clear",
  clearFilters: "Clear the filters",
  columns: {
    device: "Device",
    status: "State",
    product: "Product",
    seen: "Last seen",
    address: "Address",
    tags: "Tags"
  },
  never: "never",
  sortBy: (column: string) => `Sort by ${column}`,
  list: "Devices",
  loadingMore: "Loading more devices",
  actionsOf: (device: string) => `Actions for ${device}`,
  open: "Open",
  delete: "Delete…",
  deleteTitle: (device: string) => `Delete ${device}?`,
  deleteBody:
    "Its session ends at once, and its secret, attributes, tags and latest values go with it. Uplinks that are stored stay in the stream.",
  none: "No device yet",
  noneBody: "A device belongs to a product: one firmware, one data format. Create a product, then the first device.",
  nothingFound: "No device is like this",
  nothingFoundBody: "Nothing matches the search and the filters together. One or two letters match the beginning only.",
  addDevice: "Add device",
  newProduct: "New product",
  import: "Import…"
}

export const newProduct = {
  title: "New product",
  name: "Name",
  nameHint: "What people call this kind of device",
  key: "Product key",
  keyHint: "Part of every device's identity; made up if empty",
  format: "Data format",
  json: "JSON: devices speak the EnOS protocol",
  custom: "Custom: bytes, which a script of yours translates",
  dynamic: "Devices may fetch their own secret",
  dynamicHint: "With the product's secret (SecureMode 3), once each",
  create: "Create product",
  made: (name: string) => `${name} is there`
}

export const newDevice = {
  title: "Add a device",
  product: "Product",
  key: "Device key",
  keyHint: "Such as its serial number",
  name: "Name",
  nameHint: "The key if empty",
  secret: "Secret",
  secretHint: "Made up if empty: 20 letters and digits",
  create: "Add device",
  credentials: (device: string) => `How ${device} connects`,
  once: "The secret is shown now and never again. Copy what you need.",
  openDevice: "Open the device"
}

export const connect = {
  identity: "PSK identity",
  secret: "Secret",
  key: "PSK key",
  keyHint: "16 bytes: the middle of the secret's SHA-256",
  hex: "Hexadecimal",
  octal: "Octal",
  text: "As text, where a client takes it",
  address: "Address",
  lines: "Lines to paste",
  roost: "A device in software, from this repository",
  libcoap: "libcoap (coap-client-openssl)",
  zephyr: "C, for firmware"
}

export const importing = {
  title: "Import devices",
  product: "Product",
  file: "File",
  fileHint:
    'One device per line, as JSON: {"deviceKey":"m-1","deviceName":"Meter 1"}; or CSV with a first line deviceKey,deviceName,deviceSecret',
  choose: "Choose a file",
  start: "Import",
  stop: "Stop",
  progress: (done: string, all: string) => `${done} of ${all} lines`,
  imported: (count: string) => `${count} imported`,
  refused: (count: string) => `${count} refused`,
  line: "Line",
  reason: "Why",
  device: "Device key",
  stopped: "Stopped. Devices of lines before are registered.",
  download: "Download the secrets",
  downloadHint: "The secrets of the imported devices are told once, in this file.",
  moreRefused: (count: string) => `and ${count} more lines that were refused`,
  empty: "The file has no lines."
}
