/** A draft to begin with: two bytes are a temperature in tenths of a degree. */
export const scriptTemplate = `// Bytes of a device, 0 to 255 each, become a message of the EnOS protocol.
function rawDataToJsonStr(bytes) {
  const temp = (bytes[0] * 256 + bytes[1]) / 10
  return JSON.stringify({
    id: "1",
    version: "1.0",
    method: "thing.measurepoint.post",
    params: { measurepoints: { temp } }
  })
}

// A command, or the answer to a message, becomes bytes for the device.
function jsonStrToRawData(text) {
  const message = JSON.parse(text)
  return [message.code === 200 ? 0 : 1]
}
`
