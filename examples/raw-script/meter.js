/*
 * A script of a raw product (dataFormat Custom), for the binary format of EnOS's own sample (enos-protocol §5):
 *   up    01 | id u32 | {point u8 | length u16 | value}*    a post
 *         02 | id u32 | code u8                             the reply to a set
 *         11 | id u32 | code u8 | value i32                 the reply to a service
 *   down  id u32 | code i16                                 the reply to a post
 *         02 | id u32 | {point u8 | length u16 | value}*    a set
 *         11 | id u32 | value i32                           a service
 * Publish it: docs/applications.md, "Raw products".
 */
const points = { 1: "mp_int", 2: "mp_string", 3: "mp_double", 4: "mp_array", 5: "mp_int_quality" }
const numbers = Object.fromEntries(Object.entries(points).map(([number, name]) => [name, Number(number)]))

// Roost calls this and jsonStrToRawData by their names.
// oxlint-disable-next-line no-unused-vars
function rawDataToJsonStr(raw) {
  const view = new DataView(Uint8Array.from(raw).buffer)
  const kind = view.getUint8(0)
  const id = String(view.getUint32(1))
  if (kind === 0x02) return JSON.stringify({ id, code: String(view.getUint8(5)), data: "", message: "" })
  if (kind === 0x11) {
    return JSON.stringify({ id, code: String(view.getUint8(5)), data: { output_int: view.getInt32(6) } })
  }
  const measurepoints = {}
  for (let at = 5; at < raw.length;) {
    const point = view.getUint8(at)
    const length = view.getUint16(at + 1)
    measurepoints[points[point]] = valueOf(view, point, at + 3, length)
    at += 3 + length
  }
  const method = "thing.measurepoint.post"
  return JSON.stringify({ id, method, version: "1.0", params: { measurepoints, time: Date.now() } })
}

function valueOf(view, point, at, length) {
  if (point === 1) return view.getInt32(at)
  if (point === 2) {
    let text = ""
    for (let i = 0; i < length; i++) text += String.fromCharCode(view.getUint8(at + i))
    return text
  }
  if (point === 3) return view.getFloat64(at)
  if (point === 5) return { value: view.getInt32(at), quality: view.getUint8(at + 4) }
  const list = []
  for (let i = 0; i < length; i += 4) list.push(view.getInt32(at + i))
  return list
}

// oxlint-disable-next-line no-unused-vars
function jsonStrToRawData(text) {
  const message = JSON.parse(text)
  const id = Number(message.id)
  const u32 = (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
  if (message.method === undefined) return [...u32(id), (message.code >> 8) & 255, message.code & 255]
  if (message.method === "thing.service.measurepoint.set") {
    const bytes = [0x02, ...u32(id)]
    for (const [name, value] of Object.entries(message.params)) {
      const body = bodyOf(name, value, u32)
      bytes.push(numbers[name], body.length >> 8, body.length & 255, ...body)
    }
    return bytes
  }
  if (message.method === "thing.service.service1") return [0x11, ...u32(id), ...u32(message.params.input_int)]
  throw new Error("unknown method " + message.method)
}

function bodyOf(name, value, u32) {
  switch (name) {
    case "mp_int":
      return u32(value)
    case "mp_string":
      return Array.from(value, (character) => character.charCodeAt(0))
    case "mp_double": {
      const view = new DataView(new ArrayBuffer(8))
      view.setFloat64(0, value)
      return Array.from(new Uint8Array(view.buffer))
    }
    case "mp_array":
      return value.flatMap(u32)
    default:
      return [...u32(value.value), value.quality]
  }
}
