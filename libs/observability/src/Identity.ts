import { hostname } from "node:os"

/** Which of its like a process is, in lines of the log and in traces: the host until the app has named itself. */
export const identity = { node: hostname() }
