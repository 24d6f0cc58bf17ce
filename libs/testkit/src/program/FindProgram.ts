import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"

/** The folders in which a shell looks for programs. */
export const pathFolders = (path = process.env["PATH"] ?? ""): ReadonlyArray<string> => path.split(delimiter)

/** And those that Debian keeps some servers in, which are on root's PATH only. */
export const serverFolders = (): ReadonlyArray<string> => [...pathFolders(), "/usr/sbin", "/usr/local/sbin"]

/** The file of the first folder that has one of `commands`. */
export const findProgram = (
  commands: ReadonlyArray<string>,
  folders: ReadonlyArray<string> = pathFolders()
): string | undefined =>
  folders.flatMap((folder) => commands.map((command) => join(folder, command))).find(isExecutable)

export const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
