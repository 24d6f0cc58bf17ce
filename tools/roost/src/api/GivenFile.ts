import { resolve } from "node:path"
import { Failure } from "../Failure.ts"

/** A file that can't be opened or read, in the words of its usual cause. */
export const unreadable = (file: string, { code, message }: NodeJS.ErrnoException, expected: string): Failure => {
  const [cause, cure] = causes[code ?? ""] ?? []
  return new Failure({
    outcome: "unusable",
    what: `${file} can't be read: ${cause === undefined ? message : `${cause} (${code})`}`,
    expected,
    cure: cure?.(file)
  })
}

const causes: Readonly<Record<string, readonly [cause: string, cure: (file: string) => string]>> = {
  ENOENT: ["there is no such file", (file) => `the path starts in ${process.cwd()}: ${resolve(file)}`],
  ENOTDIR: ["a part of the path is a file", (file) => `the path as it was read: ${resolve(file)}`],
  EISDIR: ["it is a directory", () => "name the file in it"],
  EACCES: ["you may not read it", (file) => `ls -l ${file} says who may`]
}

export interface TextFault {
  readonly what: string
  readonly cure: string
}

/** Files that are no text of UTF-8, told by the beginning of what became of them as such; and those with nothing in them. */
export const faultOfText = (text: string): TextFault | undefined => {
  if (text.trim() === "") return { what: "it is empty", cure: "whatever wrote it may have failed" }
  return faultOfBeginning(text)
}

export const faultOfBeginning = (text: string): TextFault | undefined => {
  if (text.startsWith("\u001f"))
    return { what: "it is compressed (gzip)", cure: "gunzip it first, or zcat FILE and - in place of the file" }
  if (text.startsWith("PK\u0003\u0004"))
    return { what: "it is a zip: a spreadsheet or an archive", cure: "save it as text: CSV or JSON" }
  if (/^.?\0|^\ufffd\ufffd/s.test(text)) {
    return { what: "it is UTF-16", cure: "iconv -f UTF-16 -t UTF-8, or save it as UTF-8" }
  }
  return undefined
}
