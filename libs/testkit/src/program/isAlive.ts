/** Whether there is a process of this id, one that has ended and was not waited for included. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
