import { Effect } from "effect"
import { get, type IncomingHttpHeaders } from "node:http"

/** An answer by itself: with any header, and without following where it leads. */
export const answerOf = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.callback<{ readonly status: number; readonly headers: IncomingHttpHeaders }>((resume) => {
    get(url, { headers, agent: false }, (response) => {
      response
        .resume()
        .on("end", () => resume(Effect.succeed({ status: response.statusCode!, headers: response.headers })))
    })
  })

/** A page as a browser has it at last. */
interface Page {
  readonly url: string
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

/** Cookies by host and port, redirections that are followed, and forms that are filled in. */
export class Browser {
  readonly #cookies = new Map<string, string>()
  /** An address that exists in settings alone, and where it is. */
  readonly #places: Readonly<Record<string, string>>

  constructor(places: Readonly<Record<string, string>> = {}) {
    this.#places = places
  }

  /** Without following where it leads. */
  async ask(url: string, form?: Readonly<Record<string, string>>): Promise<Response> {
    const { host } = new URL(url)
    const cookie = [...this.#cookies].flatMap(([key, value]) =>
      key.startsWith(`${host} `) ? [`${key.split(" ")[1]}=${value}`] : []
    )
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: cookie.join("; ") },
      ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) })
    })
    for (const set of response.headers.getSetCookie()) {
      const [pair = ""] = set.split(";", 1)
      const end = pair.indexOf("=")
      const key = `${host} ${pair.slice(0, end)}`
      if (/expires=Thu, 01 Jan 1970|max-age=0/i.test(set)) this.#cookies.delete(key)
      else this.#cookies.set(key, pair.slice(end + 1))
    }
    return response
  }

  async visit(url: string, form?: Readonly<Record<string, string>>): Promise<Page> {
    for (let address = url, body = form; ; body = undefined) {
      const response = await this.ask(this.#placed(address), body)
      const text = await response.text()
      const location = response.headers.get("location")
      if (location === null) return { url: address, status: response.status, text, headers: response.headers }
      address = this.#placed(new URL(location, address).href)
    }
  }

  /** By the two pages that oidc-provider has for tests. */
  async signIn(url: string, name: string): Promise<Page> {
    const login = await this.visit(url)
    const consent = await this.visit(actionOf(login), { prompt: "login", login: name, password: "any" })
    return this.visit(actionOf(consent), { prompt: "consent" })
  }

  /** Names of the cookies that it keeps for an address, such as its sign-ins under way. */
  cookiesOf(url: string): ReadonlyArray<string> {
    const { host } = new URL(url)
    return [...this.#cookies.keys()].flatMap((key) => (key.startsWith(`${host} `) ? [key.slice(host.length + 1)] : []))
  }

  forget(url: string): void {
    const { host } = new URL(url)
    for (const key of this.#cookies.keys()) if (key.startsWith(`${host} `)) this.#cookies.delete(key)
  }

  #placed(url: string): string {
    const { origin } = new URL(url)
    const place = this.#places[origin]
    return place === undefined ? url : url.replace(origin, place)
  }
}

const actionOf = ({ text, url }: Page): string => new URL(/action="([^"]+)"/.exec(text)![1]!, url).href
