import type { RefusalEntries } from "../Refusal.ts"

/** Why a handshake that names a device, or tries to, makes no session: the client meets silence in every case. */
export const handshakeRefusals = {
  "wrong-key": {
    sentence:
      "Wrong key: the device's secret is not the registered one, or its PSK is not bytes 9–24 of SHA-256 of it.",
    cause: "Likely it is another secret.",
    cure: "Compare both, or give the device another secret (POST …:rotate-secret)."
  },
  "old-secret": {
    sentence: "Wrong key, since the device's secret was changed: its handshakes verified before that and fail since.",
    cause: "Likely the device still has the secret from before.",
    cure: "Write the new secret into the device, or change it back (POST …:rotate-secret with deviceSecret)."
  },
  "finished-altered": {
    sentence: "The device's Finished covers another handshake than ours.",
    cause:
      "Likely something changed messages on the way, or the client hashes other messages than RFC 6347 §4.2.6 has it.",
    cure: "Look for a proxy between both, and try the device with another DTLS library."
  },
  "handshake-out-of-order": {
    sentence: "The device sent another handshake message where its Finished is due.",
    cause: "Likely a client that does not follow RFC 5246 §7.3.",
    cure: "Compare the client's last flight with RFC 6347 §4.2.4: ClientKeyExchange, ChangeCipherSpec, Finished."
  },
  "too-much-before-finished": {
    sentence: "The device sent more data than is kept before its handshake is verified.",
    cause: "Likely it sends data without waiting for the server's Finished.",
    cure: "Have the client wait for the server's Finished before it sends data."
  },
  "credential-changed": {
    sentence: "The device's credential changed, or it was disabled or deleted, during its handshake.",
    cause: "Likely an operator changed it a moment ago.",
    cure: "Its next handshake is judged by what is registered now."
  },
  "session-of-own-secret": {
    sentence:
      "The device has a session of its own secret (SecureMode 2), which no handshake with the product's secret (SecureMode 3) displaces.",
    cause: "Likely it lost its secret, or something else uses the product's secret.",
    cure: "POST …:replace lets new hardware activate."
  },
  "weak-secret": {
    sentence: "The device came in with a secret that is shorter than the registry takes today.",
    cause:
      "Likely it was registered before ROOST_SECRET_LENGTH_MIN was raised, which is 16 characters unless it is set.",
    cure: "Give it a longer one (POST …:rotate-secret): whoever listens to one handshake can find a short one by trying."
  },
  "handshake-unfinished": {
    sentence: "No Finished came after ClientKeyExchange.",
    cause: "Likely the device gave up, went to sleep, or the rest of its flight was lost on the way.",
    cure: "Its next handshake starts anew. If it goes on, look for a small MTU or a firewall that drops second datagrams."
  },
  "client-random-repeated": {
    sentence: "The device's ClientHello has the random of the one before.",
    cause: "Likely it has no entropy, so each boot may repeat its keys' inputs.",
    cure: "Seed its random numbers, from a noisy input or a counter in flash."
  },
  "product-secret-outdated": {
    sentence: "The device still has the product's former secret.",
    cause: "Likely its firmware was built before the product's secret was changed.",
    cure: "Give it the new one before the time of grace is over."
  },
  "connection-id-taken": {
    sentence: "The connection id of the handshake is another session's.",
    cause: "Chance alone: ids are random.",
    cure: "Nothing has to be done; the device's next attempt gets another."
  },
  "node-full": {
    sentence: "The session-actors node holds as many devices as it may (devicesMax).",
    cause: "Likely there are more devices than the nodes are sized for.",
    cure: "Start another session-actors node."
  },
  "session-replaced": {
    sentence: "Another handshake took the place of the device's session, from another address.",
    cause: "Likely the device booted or its address changed; if both come again and again, two devices share one key.",
    cure: "Offer a connection id (RFC 9146). Give each device a key of its own."
  },
  "unknown-product": {
    sentence: "The handshake names a product that is not registered.",
    cause: "Likely its key is mistyped, the product is of another cluster, or it is not created yet.",
    cure: "Compare the ProductKey with GET /v1/products, or create it (POST /v1/products)."
  },
  "unknown-device": {
    sentence: "The handshake names a device that its product does not have.",
    cause: "Likely its key is mistyped, of another product, or not registered yet.",
    cure: "Compare the DeviceKey with GET /v1/products/{pk}/devices, or register it (POST …/devices)."
  },
  "keys-swapped": {
    sentence: "The PSK identity has the device's key where the product's belongs, and the other way round.",
    cause: "A device is registered by the same two keys in the other order.",
    cure: "Send {ProductKey},{DeviceKey},{SecureMode},{Lifetime}: the product's key first."
  },
  "keys-capitals": {
    sentence: "The PSK identity has its keys in other capitals and small letters than the registered ones.",
    cause: "Keys are compared letter by letter, and a device is registered whose keys differ in capitals alone.",
    cure: "Write both keys into the device as they are registered."
  },
  "wrong-product": {
    sentence: "The handshake names a device key that another product has.",
    cause: "Likely the ProductKey in the firmware is another product's.",
    cure: "Put the ProductKey of the device's own product into its identity, or register the device in this one."
  },
  "device-disabled": {
    sentence: "An operator disabled the device.",
    cause: "It was disabled by POST …:disable, and no handshake succeeds since.",
    cure: "POST …:enable lets it in again."
  },
  "activation-off": {
    sentence: "The device came with its product's secret (SecureMode 3), and the product allows no dynamic activation.",
    cause: "Likely dynamicActivateEnabled is false, as it is unless a product is created otherwise.",
    cure: "Switch dynamicActivateEnabled on, or give the device a secret of its own and SecureMode 2."
  },
  "already-activated": {
    sentence:
      "The device came with its product's secret (SecureMode 3), and it has fetched and used a secret of its own.",
    cause: "Likely it lost that, or something else uses the product's secret.",
    cure: "POST …:replace lets new hardware activate."
  },
  "product-secret-rotated": {
    sentence: "The device came with a secret of its product that was changed.",
    cause: "Likely its firmware was built before POST …:rotate-secret of the product.",
    cure: "Give the device the product's new secret."
  },
  "too-many-activations": {
    sentence: "The device or its product fetched too many secrets.",
    cause: "Likely one device activates at each boot, since it does not keep its secret.",
    cure: "Find out which device does it again and again, and have it keep what it fetches."
  },
  "registry-silent": {
    sentence: "The registry did not answer a question about the device.",
    cause: "Likely the registry or nats-server is away, or too slow.",
    cure: "Look at /readyz of registry and session-actors. Devices come again by themselves."
  },
  "cluster-key-differs": {
    sentence: "The registry's answer about the device does not open.",
    cause: "ROOST_CLUSTER_KEY of registry and session-actors differ.",
    cure: "Give all apps one ROOST_CLUSTER_KEY."
  }
} as const satisfies RefusalEntries

const example = "Send {ProductKey},{DeviceKey},{SecureMode},{Lifetime} as ASCII text, such as pk1,dev1,2,3600."

/** Faults of a PSK identity: nobody can be asked for its key, and the client meets silence. */
export const identityRefusals = {
  "identity-empty": {
    sentence: "The PSK identity is empty.",
    cause: "Likely no identity is configured in the client.",
    cure: example
  },
  "identity-utf16": {
    sentence: "The PSK identity is UTF-16: expected ASCII text.",
    cause: "Likely the text is UTF-16, or a length goes before it.",
    cure: example
  },
  "identity-length-before": {
    sentence: "The PSK identity begins with a NUL or a length: expected its first letter.",
    cause: "Likely a length or a NUL goes before the text.",
    cure: example
  },
  "identity-byte-order-mark": {
    sentence: "The PSK identity begins with a byte order mark: expected its first letter.",
    cause: "Likely it was read from a file that begins with one.",
    cure: example
  },
  "identity-trailing-nul": {
    sentence: "The PSK identity ends in a NUL.",
    cause: "Likely the length is off by one: the NUL that ends a C string is sent with it.",
    cure: `Give the client the length of the text (strlen). ${example}`
  },
  "identity-trailing-line-feed": {
    sentence: "The PSK identity ends in a line feed.",
    cause: "Likely the line feed of the file or terminal that it was read from is sent with it.",
    cure: `Cut the end of the line off. ${example}`
  },
  "identity-not-ascii": {
    sentence: "The PSK identity has bytes that are not ASCII.",
    cause: "Likely the text is not ASCII, or memory that was never written.",
    cure: example
  },
  "identity-quoted": {
    sentence: "The PSK identity has quotes in it.",
    cause: "Likely the quotes of a configuration file or a shell are part of it.",
    cure: example
  },
  "identity-blanks": {
    sentence: "The PSK identity has blanks in it.",
    cause: "Likely a blank stands behind a comma, or at an end.",
    cure: example
  },
  "identity-separators": {
    sentence: "The fields of the PSK identity are separated by something else than commas.",
    cause: "Likely another platform's form is configured.",
    cure: example
  },
  "identity-name-alone": {
    sentence: "The PSK identity is one field: expected four.",
    cause: "Likely it is a device key or a name alone.",
    cure: example
  },
  "identity-field-missing": {
    sentence: "The PSK identity has fewer than four fields.",
    cause: "Likely a field is missing, such as SecureMode or Lifetime.",
    cure: example
  },
  "identity-field-too-many": {
    sentence: "The PSK identity has more than four fields.",
    cause: "Likely there is a field too many, or a comma in a key.",
    cure: example
  },
  "identity-unreadable": {
    sentence: "The PSK identity can't be read.",
    cause: "Likely another platform's identity is configured.",
    cure: example
  },
  "identity-product-key": {
    sentence: "The PSK identity has no product key in its first field.",
    cause: "Likely the field is empty, too long, or has characters that no key has.",
    cure: example
  },
  "identity-device-key": {
    sentence: "The PSK identity has no device key in its second field.",
    cause: "Likely the field is empty, too long, or has characters that no key has.",
    cure: example
  },
  "identity-secure-mode": {
    sentence: "The PSK identity has another SecureMode than 2 or 3.",
    cause: "Likely another way of authentication is configured, or the fields are in another order.",
    cure: `SecureMode 2 takes the device's secret, 3 the product's. ${example}`
  },
  "identity-lifetime": {
    sentence: "The PSK identity has a Lifetime that is no number of 30 to 86400 seconds.",
    cause: "Likely it is shorter than 30 s, in milliseconds or minutes, or written with a sign or a leading zero.",
    cure: "Send a Lifetime of 30 to 86400 seconds, in decimal, longer than the pause between two messages."
  }
} as const satisfies RefusalEntries
