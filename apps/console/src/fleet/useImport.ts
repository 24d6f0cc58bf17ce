import { useQueryClient } from "@tanstack/react-query"
import { useCallback, useRef, useState } from "react"
import { request } from "../api/client.ts"
import { devicesKey } from "./fleetQueries.ts"
import { importBody, lineCount } from "./importFile.ts"

/** The registry's answer for a line. */
export type ImportLine =
  | {
      readonly _tag: "Imported"
      readonly line: number
      readonly productKey: string
      readonly deviceKey: string
      readonly deviceSecret: string
    }
  | { readonly _tag: "Refused"; readonly line: number; readonly deviceKey?: string; readonly reason: string }
  | { readonly _tag: "Done"; readonly imported: number; readonly refused: number }

type Refusal = Extract<ImportLine, { _tag: "Refused" }>

export interface ImportState {
  readonly phase: "idle" | "running" | "done" | "stopped" | "failed"
  readonly lines: number
  readonly imported: number
  readonly refused: number
  /** The first of them: a file with a million wrong lines is wrong in a few ways. */
  readonly refusals: ReadonlyArray<Refusal>
  readonly error?: unknown
}

const idle: ImportState = { phase: "idle", lines: 0, imported: 0, refused: 0, refusals: [] }
export const refusalsShownMax = 100

/** An import, told line by line as it goes. The secrets that it makes are kept until the dialog closes. */
export const useImport = () => {
  const client = useQueryClient()
  const [state, setState] = useState(idle)
  const secrets = useRef<Array<string>>([])
  const abort = useRef<AbortController>(undefined)

  const start = useCallback(
    async (productKey: string, file: File) => {
      const controller = new AbortController()
      abort.current = controller
      secrets.current = []
      const text = await file.text()
      const body = importBody(text)
      const lines = lineCount(body ?? text)
      const counts = { ...idle, phase: "running" as const, lines, refusals: [] as Array<Refusal> }
      setState({ ...counts })
      try {
        const response = await request(`/v1/products/${encodeURIComponent(productKey)}/devices:import`, {
          method: "POST",
          headers: { "content-type": "application/x-ndjson" },
          body: body ?? file,
          signal: controller.signal
        })
        for await (const line of linesOf(response.body!)) {
          if (line._tag === "Imported") {
            counts.imported++
            secrets.current.push(`${line.productKey},${line.deviceKey},${csvCell(line.deviceSecret)}`)
          } else if (line._tag === "Refused") {
            counts.refused++
            if (counts.refusals.length < refusalsShownMax) counts.refusals.push(line)
          }
          setState({ ...counts })
        }
        setState({ ...counts, phase: "done" })
      } catch (error) {
        setState({ ...counts, phase: controller.signal.aborted ? "stopped" : "failed", error })
      }
      await client.invalidateQueries({ queryKey: devicesKey })
    },
    [client]
  )
  const stop = useCallback(() => abort.current?.abort(), [])
  const secretsFile = () =>
    new Blob([["productKey,deviceKey,deviceSecret", ...secrets.current, ""].join("\n")], { type: "text/csv" })
  return { state, start, stop, secretsFile }
}

const csvCell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<ImportLine> {
  let rest = ""
  for await (const chunk of body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)) {
    const lines = (rest + chunk).split("\n")
    rest = lines.pop()!
    for (const line of lines) if (line !== "") yield JSON.parse(line) as ImportLine
  }
  if (rest !== "") yield JSON.parse(rest) as ImportLine
}
