// Loaded into a process of Roost with --import: on SIGUSR2 it says what is in use after a full collection.
process.on("SIGUSR2", () => {
  for (let i = 0; i < 2; i++) globalThis.gc?.()
  const { arrayBuffers, external, heapUsed } = process.memoryUsage()
  process.stdout.write(`\nmemory ${heapUsed + Math.max(arrayBuffers, external)}\n`)
})
