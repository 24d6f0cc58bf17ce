import { request } from "node:http"

export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

const answerMillisMax = 2_000

/** A request to an app of this machine. Not `fetch`, which takes 8 MB for as long as the process lives. */
export const ask = (
  method: "GET" | "POST",
  url: string,
  headers: Readonly<Record<string, string>> = {},
  body = "",
  millisMax = answerMillisMax
): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false, signal: AbortSignal.timeout(millisMax) }, (answer) => {
      let text = ""
      answer.setEncoding("utf8")
      answer.on("data", (chunk: string) => void (text += chunk))
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }))
      answer.on("error", reject)
    })
    asked.on("error", reject)
    asked.end(body)
  })
