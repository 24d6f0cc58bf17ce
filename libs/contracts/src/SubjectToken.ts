/**
 * Foreign text (keys of products and devices, identifiers) as one token of a NATS subject or bucket key: every byte
 * outside `[A-Za-z0-9_-]` becomes `=HH`. So no device can name a wildcard, a separator or another device's subject
 * (F22). The empty text becomes `=`.
 */
export const encodeToken = (text: string): string => {
  if (plain.test(text)) return text
  if (text === "") return "="
  let token = ""
  for (const byte of utf8.encode(text)) {
    const character = String.fromCharCode(byte)
    token += plain.test(character) ? character : "=" + byte.toString(16).toUpperCase().padStart(2, "0")
  }
  return token
}

/** The text of a token, or undefined if it is not what `encodeToken` gives for any text. */
export const decodeToken = (token: string): string | undefined => {
  if (token === "=") return ""
  if (token === "") return undefined
  if (plain.test(token)) return token
  if (!encoded.test(token)) return undefined
  const bytes = new Uint8Array(token.length)
  let length = 0
  for (let i = 0; i < token.length; i++) {
    if (token[i] === "=") {
      bytes[length++] = Number.parseInt(token.slice(i + 1, i + 3), 16)
      i += 2
    } else {
      bytes[length++] = token.charCodeAt(i)
    }
  }
  const text = decodeUtf8(bytes.subarray(0, length))
  return text !== undefined && encodeToken(text) === token ? text : undefined
}

const decodeUtf8 = (bytes: Uint8Array): string | undefined => {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

const plain = /^[A-Za-z0-9_-]+$/
const encoded = /^(?:[A-Za-z0-9_-]|=[0-9A-F]{2})+$/
const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder("utf-8", { fatal: true })
