/** The needed part of the NATS client, and of the messages that it delivers. */
interface SubscribingClient {
  readonly subscribe: (
    subject: string,
    options?: { readonly callback?: (error: never, message: never) => void }
  ) => unknown
}

interface Delivered {
  readonly subject: string
  readonly data: Uint8Array
  readonly reply?: string
  readonly headers?: { readonly code: number; readonly get: (name: string) => string }
  readonly respond: () => boolean
}

/**
 * The client as one whose JetStream consumers pass over messages, as one does whose server got them late, behind where it reads.
 * Their deliveries have no gap, and nothing tells that there was more.
 */
export const passingOver = <C extends object>(client: C, hides: (subject: string) => boolean): C => {
  const { subscribe } = client as C & SubscribingClient
  const quiet = (callback: (error: never, message: never) => void) => {
    let hidden = 0
    return (error: never, message: never) => {
      const { data, headers, reply, subject } = message as Delivered
      const tokens = reply?.split(".") ?? []
      if (tokens[1] === "ACK" && hides(subject)) return void hidden++
      const at = tokens.length === 9 ? 6 : 8
      const moved = tokens[1] === "ACK" ? tokens.with(at, String(Number(tokens[at]) - hidden)).join(".") : reply
      const last = (name: string, value: string) =>
        name === "Nats-Last-Consumer" && value !== "" ? String(Number(value) - hidden) : value
      const shown = headers && { code: headers.code, get: (name: string) => last(name, headers.get(name)) }
      const respond = () => (message as Delivered).respond()
      callback(error, { subject, data, reply: moved, headers: shown, respond } as never)
    }
  }
  return new Proxy(client, {
    get: (target, name) => {
      if (name === "subscribe") {
        return (subject: string, options: Parameters<typeof subscribe>[1]) =>
          subscribe.call(
            target,
            subject,
            options?.callback === undefined ? options : { ...options, callback: quiet(options.callback) }
          )
      }
      const value: unknown = Reflect.get(target, name)
      return typeof value === "function" ? value.bind(target) : value
    }
  })
}
