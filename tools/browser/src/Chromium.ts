import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"

/** As distributions call it. */
const commands = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]

/** The Chromium of this machine; undefined where it has none. */
export const findChromium = (path = process.env["PATH"] ?? ""): string | undefined =>
  path
    .split(delimiter)
    .flatMap((folder) => commands.map((command) => join(folder, command)))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
