/**
 * A reader that left (`… | head`) wants no more: the program ends without a word. Its code is `process.exitCode`, by which work that is
 * not done yet says so, else 0. Without this Node ends it with a stack trace and 1.
 */
export const endWithReader = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit()
      throw error
    })
  }
}
