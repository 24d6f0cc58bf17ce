import { hexText, octalText, pskKey } from "./pskKey.ts"

export interface Credential {
  readonly productKey: string
  readonly deviceKey: string
  readonly deviceSecret: string
}

/** Seconds of silence after which the device of these lines is offline. */
const lifetimeSeconds = 300

/** `{ProductKey},{DeviceKey},{SecureMode},{Lifetime}`, with the device's own secret. */
export const identityOf = ({ deviceKey, productKey }: Credential): string =>
  `${productKey},${deviceKey},2,${lifetimeSeconds}`

/** The same first message for three clients. `address` is host and port. */
export const connectLines = (credential: Credential, address: string) => {
  const { deviceKey, deviceSecret, productKey } = credential
  const key = pskKey(deviceSecret)
  const topic = `/topic/sys/${productKey}/${deviceKey}/thing/measurepoint/post`
  const payload = `{"id":"1","version":"1.0","method":"thing.measurepoint.post","params":{"measurepoints":{"temp":21.5}}}`
  return {
    roost: `npm run device -- --server ${address} --product-key ${productKey} --device-key ${deviceKey} --device-secret ${quoted(deviceSecret)}`,
    libcoap: `coap-client-openssl -m post -u ${identityOf(credential)} -k "$(printf '${octalText(key)}')" -e '${payload}' coaps://${address}${topic}`,
    firmware: [
      `static const char psk_identity[] = "${identityOf(credential)}";`,
      `static const unsigned char psk_key[16] = { ${hexText(key).replaceAll(/../g, "0x$&, ").slice(0, -2)} };`,
      `/* TLS_PSK_WITH_AES_128_CCM_8 over DTLS 1.2, to coaps://${address} */`,
      `/* POST ${topic} */`
    ].join("\n")
  }
}

/** For a shell. */
const quoted = (text: string): string => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
