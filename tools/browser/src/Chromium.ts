import { findProgram } from "@roost/testkit/program"

/** As distributions call it. */
const commands = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]

/** The Chromium of this machine; undefined where it has none. */
export const findChromium = (): string | undefined => findProgram(commands)
